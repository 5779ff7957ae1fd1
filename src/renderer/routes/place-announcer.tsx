// Tells screen readers where a change of place has led; the window's title says the same to everybody else.
import { type ReactNode, useEffect, useState } from 'react'

export function PlaceAnnouncer(): ReactNode {
  const [place, setPlace] = useState('')
  useEffect(() => {
    const title = document.querySelector('title')
    if (!title) return
    // Screens set the title when they are shown, which a loaded one is only a moment after the address changed.
    const observer = new MutationObserver(() => setPlace(document.title.replace(/ – Quarterdeck$/, '')))
    observer.observe(title, { childList: true, characterData: true, subtree: true })
    return () => observer.disconnect()
  }, [])
  return (
    <p className="visually-hidden" role="status">
      {place}
    </p>
  )
}

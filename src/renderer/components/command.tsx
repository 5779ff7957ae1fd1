// A command as a person would type it, with a button that copies it; knows nothing of what it does.
import { Check, Copy } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { useShell } from '../data/remotes.tsx'
import { safeText } from '../lib/safe-text.ts'
import { IconButton } from './button.tsx'
import css from './command.module.css'

export function Command(props: { text: string; label?: string }): ReactNode {
  const { text, label } = props
  return (
    <div className={css.command}>
      {label && <span className={css.label}>{label}</span>}
      <code className={css.text}>{safeText(text)}</code>
      <CopyButton text={text} label="Copy command" />
    </div>
  )
}

/** Copies by the shell, which needs no permission; says so for a moment. */
export function CopyButton(props: { text: string; label: string }): ReactNode {
  const shell = useShell()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1600)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <>
      <IconButton
        icon={copied ? Check : Copy}
        label={copied ? 'Copied' : props.label}
        size="small"
        onClick={() =>
          void shell.call('clipboard.writeText', props.text).then(
            () => setCopied(true),
            () => {},
          )
        }
      />
      <span className="visually-hidden" role="status">
        {copied ? 'Copied' : ''}
      </span>
    </>
  )
}

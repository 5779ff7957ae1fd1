// Puts the app together: remotes, cache, router. Knows no screen.
import { QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { RouterProvider } from 'react-router/dom'
import { keepLive } from './data/live.ts'
import { createQueryClient } from './data/query-client.ts'
import { RemotesProvider } from './data/remotes.tsx'
import type { Remotes } from './engine.ts'
import { createAppRouter } from './routes/router.tsx'

export function App(props: { remotes: Remotes }): ReactNode {
  const { remotes } = props
  const [queryClient] = useState(createQueryClient)
  const [router] = useState(createAppRouter)
  useEffect(() => keepLive(remotes.engine, queryClient), [remotes, queryClient])
  return (
    <RemotesProvider remotes={remotes}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </RemotesProvider>
  )
}

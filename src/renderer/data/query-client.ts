// How answers are cached; knows no call.
import { QueryClient } from '@tanstack/react-query'
import { AppError } from '../../shared/errors.ts'

/** A query client for answers that come from this same machine: never paused by the network, and asked again only where the engine itself went. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'always',
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        staleTime: 20_000,
        gcTime: 5 * 60_000,
        // While the engine restarts, the question waits in the Remote; an answer that is a failure is final.
        retry: (count, error) => error instanceof AppError && error.code === 'ENGINE_GONE' && count < 5,
        retryDelay: 150,
      },
    },
  })
}

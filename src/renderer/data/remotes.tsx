// Hands the two remotes to every component and turns calls into queries; knows no screen.
import {
  keepPreviousData,
  type QueryClient,
  type UseMutationResult,
  type UseQueryOptions,
  type UseQueryResult,
  useMutation,
  useQuery,
} from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useRef, useSyncExternalStore } from 'react'
import type { CallInput, CallName, CallOutput, EventName, EventPayload } from '../../shared/contract/define.ts'
import type { EngineContract } from '../../shared/contract/engine.ts'
import type { ShellContract } from '../../shared/contract/shell.ts'
import { AppError } from '../../shared/errors.ts'
import type { EngineRemote, Remotes, ShellRemote } from '../engine.ts'

const RemotesContext = createContext<Remotes | null>(null)

export function RemotesProvider(props: { remotes: Remotes; children: ReactNode }): ReactNode {
  return <RemotesContext.Provider value={props.remotes}>{props.children}</RemotesContext.Provider>
}

function useRemotes(): Remotes {
  const remotes = useContext(RemotesContext)
  if (!remotes) throw new Error('No RemotesProvider above this component')
  return remotes
}

/** The engine itself: for streams, and for calls with secrets, which must stay out of every cache. */
export function useEngine(): EngineRemote {
  return useRemotes().engine
}
export function useShell(): ShellRemote {
  return useRemotes().shell
}

export function useEngineConnected(): boolean {
  const engine = useEngine()
  return useSyncExternalStore(
    listener => engine.onConnection(listener),
    () => engine.connected,
  )
}

/** Where the answer to a call lies in the query cache. */
export function callKey<N extends CallName<EngineContract>>(
  name: N,
  input: CallInput<EngineContract[N]>,
): readonly unknown[] {
  return [name, input ?? null]
}

export interface CallOptions {
  readonly enabled?: boolean
  /** Ask again every so many ms. */
  readonly refetchInterval?: number
  /** Ask again every so many ms for as long as the last answer was a failure. */
  readonly mendEvery?: number
  /** Show the answer to the previous input until the new one is there. */
  readonly keepPrevious?: boolean
  readonly staleTime?: number
}

/** For answers that events keep fresh, or that never change while the engine runs. */
export const fresh = { staleTime: Number.POSITIVE_INFINITY } as const

/** A query of the engine's contract; errors are AppErrors. Where an event keeps the answer fresh, live.ts writes it into the cache. */
export function useEngineQuery<N extends CallName<EngineContract>>(
  name: N,
  input: CallInput<EngineContract[N]>,
  options: CallOptions = {},
): UseQueryResult<CallOutput<EngineContract[N]>, AppError> {
  const engine = useEngine()
  return useQuery(queryOptions(callKey(name, input), signal => engine.call(name, input, signal), options))
}

export function useShellQuery<N extends CallName<ShellContract>>(
  name: N,
  input: CallInput<ShellContract[N]>,
  options: CallOptions = {},
): UseQueryResult<CallOutput<ShellContract[N]>, AppError> {
  const shell = useShell()
  return useQuery(queryOptions(['shell', name, input ?? null], signal => shell.call(name, input, signal), options))
}

/**
 * A command without secrets: `const restart = useEngineCommand('action.run'); restart.mutate(input, { onSuccess })`.
 * Never for input that holds a secret: the mutation cache keeps its variables.
 */
export function useEngineCommand<N extends CallName<EngineContract>>(
  name: N,
): UseMutationResult<CallOutput<EngineContract[N]>, AppError, CallInput<EngineContract[N]>> {
  const engine = useEngine()
  return useMutation({
    mutationFn: (input: CallInput<EngineContract[N]>) => engine.call(name, input).catch(rethrow),
    networkMode: 'always',
  })
}

export function useShellCommand<N extends CallName<ShellContract>>(
  name: N,
): UseMutationResult<CallOutput<ShellContract[N]>, AppError, CallInput<ShellContract[N]>> {
  const shell = useShell()
  return useMutation({
    mutationFn: (input: CallInput<ShellContract[N]>) => shell.call(name, input).catch(rethrow),
    networkMode: 'always',
  })
}

/** Hears an event of the engine while the component is shown; `listener` may change freely. */
export function useEngineEvent<N extends EventName<EngineContract>>(
  name: N,
  listener: (payload: EventPayload<EngineContract[N]>) => void,
): void {
  const engine = useEngine()
  const latest = useLatest(listener)
  useEffect(() => engine.on(name, payload => latest.current(payload)), [engine, name, latest])
}

export function useShellEvent<N extends EventName<ShellContract>>(
  name: N,
  listener: (payload: EventPayload<ShellContract[N]>) => void,
): void {
  const shell = useShell()
  const latest = useLatest(listener)
  useEffect(() => shell.on(name, payload => latest.current(payload)), [shell, name, latest])
}

/** Writes a known answer into the cache, where the question has been asked. */
export function updateAnswer<N extends CallName<EngineContract>>(
  client: QueryClient,
  name: N,
  input: CallInput<EngineContract[N]>,
  update: (old: CallOutput<EngineContract[N]>) => CallOutput<EngineContract[N]>,
): void {
  client.setQueryData<CallOutput<EngineContract[N]>>(callKey(name, input), old =>
    old === undefined ? undefined : update(old),
  )
}

function useLatest<T>(value: T): { readonly current: T } {
  const ref = useRef(value)
  useEffect(() => {
    ref.current = value
  })
  return ref
}

function queryOptions<T>(
  queryKey: readonly unknown[],
  ask: (signal: AbortSignal) => Promise<T>,
  options: CallOptions,
): UseQueryOptions<T, AppError> {
  return {
    queryKey,
    queryFn: ({ signal }) => ask(signal).catch(rethrow),
    enabled: options.enabled ?? true,
    refetchInterval: ({ state }) =>
      (state.status === 'error' ? options.mendEvery : undefined) ?? options.refetchInterval ?? false,
    ...(options.staleTime === undefined ? {} : { staleTime: options.staleTime }),
    ...(options.keepPrevious ? { placeholderData: keepPreviousData as never } : {}),
  }
}

function rethrow(error: unknown): never {
  throw AppError.from(error)
}

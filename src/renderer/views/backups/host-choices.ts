// Lets a person choose a host by its name where a kind's schema asks for a host's id. Knows no kind.
import { useCallback } from 'react'
import { useHosts } from '../../data/hosts.ts'
import type { FormField } from '../../lib/json-schema.ts'
import { safeText } from '../../lib/safe-text.ts'

/** Gives back the fields with every `hostId` as a choice of the hosts there are. */
export function useHostChoices(): (fields: readonly FormField[]) => FormField[] {
  const { data: hosts } = useHosts()
  return useCallback(
    fields =>
      fields.map(field =>
        field.name === 'hostId'
          ? {
              ...field,
              shape: {
                kind: 'choice',
                options: (hosts ?? []).map(({ host }) => ({ value: host.id, label: safeText(host.name) })),
              },
            }
          : field,
      ),
    [hosts],
  )
}

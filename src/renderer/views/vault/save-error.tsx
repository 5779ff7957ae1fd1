// Why something with secrets was not saved, and the way to the vault where that is what is missing.
import type { ReactNode } from 'react'
import type { AppError } from '../../../shared/errors.ts'
import { FieldError } from '../../components/field.tsx'
import { safeText } from '../../lib/safe-text.ts'
import { VaultNeeded } from './vault-needed.tsx'

export function SaveError(props: { error: AppError }): ReactNode {
  const { error } = props
  return (
    <>
      <FieldError>{safeText([error.message, error.hint].filter(Boolean).join('. '))}</FieldError>
      {error.code.startsWith('VAULT_') && (
        <div>
          <VaultNeeded />
        </div>
      )}
    </>
  )
}

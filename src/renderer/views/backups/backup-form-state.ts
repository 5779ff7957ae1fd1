// What the parts of a backup's form share: what is entered, and what is wrong with it.
import type { BackupDraft } from '../../../shared/model/backup.ts'
import type { DraftForm } from '../../data/use-draft-form.ts'

export type BackupFormState = DraftForm<BackupDraft>

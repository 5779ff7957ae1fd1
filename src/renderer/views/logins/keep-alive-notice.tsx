// Says that the kept session of a login could not be kept alive, and why; knows no visit but the newest.
import type { ReactNode } from 'react'
import type { LoginView } from '../../../shared/model/login.ts'
import { Notice } from '../../components/notice.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { safeText } from '../../lib/safe-text.ts'

export function KeepAliveNotice(props: { view: LoginView }): ReactNode {
  const { keepAlive } = props.view
  if (keepAlive === null || keepAlive.problem === null) return null
  return (
    <Notice tone="degraded" title="The kept session is not kept alive">
      <p>{safeText(keepAlive.problem)}</p>
      <p>
        Tried <RelativeTime at={keepAlive.at} />. The file on the host is as it was.
      </p>
    </Notice>
  )
}

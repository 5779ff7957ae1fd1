// How the views inside a host's layout get their host; knows nothing of the layout.
import { useOutletContext } from 'react-router'
import type { HostView } from '../../../shared/model/host.ts'

/** The host whose page is shown, kept fresh by events. */
export function useHostView(): HostView {
  return useOutletContext<HostView>()
}

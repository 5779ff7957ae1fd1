// Where data live and what the app is made of. Shows, sets nothing.
import type { ReactNode } from 'react'
import { CopyButton } from '../../components/command.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { Fact, Facts, Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { useEngineQuery, useShellQuery } from '../../data/remotes.tsx'
import { formatBytes } from '../../lib/format.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './settings.module.css'

export function DataPanel(): ReactNode {
  const health = useEngineQuery('engine.health', undefined)
  return (
    <Panel title="Data">
      <QueryFaces query={health} failed="The engine’s state could not be read">
        {({ dataDirectory, databaseBytes, startedAt }) => (
          <Facts>
            <Fact name="Directory">
              <span className={css.line}>
                <code>{safeText(dataDirectory)}</code>
                <CopyButton text={dataDirectory} label="Copy path" />
              </span>
            </Fact>
            <Fact name="Database">{formatBytes(databaseBytes)}</Fact>
            <Fact name="Engine started">
              <RelativeTime at={startedAt} />
            </Fact>
          </Facts>
        )}
      </QueryFaces>
    </Panel>
  )
}

export function AboutPanel(): ReactNode {
  const about = useShellQuery('app.about', undefined)
  return (
    <Panel title="About">
      <QueryFaces query={about} failed="The versions could not be read">
        {info => (
          <>
            <Facts>
              <Fact name="Quarterdeck">{info.version}</Fact>
              <Fact name="Electron">{info.electron}</Fact>
              <Fact name="Chrome">{info.chrome}</Fact>
              <Fact name="Node">{info.node}</Fact>
              <Fact name="System">{safeText(info.platform)}</Fact>
            </Facts>
            {info.developmentRuntime !== null && (
              <p className={css.pale}>Development runtime: {safeText(info.developmentRuntime)}</p>
            )}
            <p className={css.pale}>Nothing is ever sent to anyone whom you did not name.</p>
          </>
        )}
      </QueryFaces>
    </Panel>
  )
}

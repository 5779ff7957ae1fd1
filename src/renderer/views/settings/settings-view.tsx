// What a person can set, and what the app is made of. Each change is saved at once.
import { BellRing, Monitor, Moon, ScrollText, Sun } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Settings } from '../../../shared/model/settings.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { CheckField, Choices, FieldError } from '../../components/field.tsx'
import { Page, Panel } from '../../components/page.tsx'
import { useSettings } from '../../data/hosts.ts'
import { useEngineCommand, useShell } from '../../data/remotes.tsx'
import { places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { setSingleKeysEnabled, singleKeysEnabled } from '../../lib/shortcuts.ts'
import type { ThemeChoice } from '../../lib/theme.ts'
import { AboutPanel, DataPanel } from './about-panels.tsx'
import { NumberSetting } from './number-setting.tsx'
import { OwnDataPanel } from './own-data-panel.tsx'
import { VaultPanel } from './vault-panel.tsx'

type Save = (parts: Partial<Settings>) => void

export function SettingsView(): ReactNode {
  const settings = useSettings()
  const save = useEngineCommand('settings.set')
  return (
    <Page title="Settings" body="read">
      <QueryFaces query={settings} failed="The settings could not be read">
        {current => (
          <>
            {save.error && <FieldError>{`Not saved: ${safeText(save.error.message)}`}</FieldError>}
            <Appearance settings={current} save={save.mutate} />
            <Watching settings={current} save={save.mutate} />
            <Alerts settings={current} save={save.mutate} />
            <Desktop settings={current} save={save.mutate} />
            <VaultPanel />
            <DataPanel />
            <OwnDataPanel />
            <AboutPanel />
          </>
        )}
      </QueryFaces>
    </Page>
  )
}

function Appearance(props: { settings: Settings; save: Save }): ReactNode {
  const shell = useShell()
  const [singleKeys, setSingleKeys] = useState(singleKeysEnabled)
  const choose = (theme: ThemeChoice): void => {
    props.save({ theme })
    // Menus and title bars follow too; where the shell cannot, the page still does.
    void shell.call('window.setTheme', theme).catch(() => {})
  }
  return (
    <Panel title="Appearance">
      <Choices<ThemeChoice>
        label="Theme"
        value={props.settings.theme}
        onChange={choose}
        options={[
          { value: 'system', label: 'As the system', icon: <Monitor size="0.875rem" aria-hidden="true" /> },
          { value: 'light', label: 'Light', icon: <Sun size="0.875rem" aria-hidden="true" /> },
          { value: 'dark', label: 'Dark', icon: <Moon size="0.875rem" aria-hidden="true" /> },
        ]}
      />
      <CheckField
        label="Single-key shortcuts"
        help="Such as / and g f. Those with Ctrl or ⌘ work in any case."
        checked={singleKeys}
        onChange={event => {
          setSingleKeysEnabled(event.target.checked)
          setSingleKeys(event.target.checked)
        }}
      />
    </Panel>
  )
}

function Watching(props: { settings: Settings; save: Save }): ReactNode {
  const { settings, save } = props
  return (
    <Panel title="Watching">
      <NumberSetting
        label="Measure every"
        unit="seconds"
        min={5}
        max={300}
        value={settings.sampleSecondsIdle}
        onChange={sampleSecondsIdle => save({ sampleSecondsIdle })}
      />
      <NumberSetting
        label="While you look at a host, every"
        unit="seconds"
        min={1}
        max={60}
        value={settings.sampleSecondsWatched}
        onChange={sampleSecondsWatched => save({ sampleSecondsWatched })}
      />
      <NumberSetting
        label="Keep every single sample for"
        unit="days"
        min={1}
        max={90}
        help="After that, averages with their minimum and maximum are kept."
        value={settings.rawSampleDays}
        onChange={rawSampleDays => save({ rawSampleDays })}
      />
    </Panel>
  )
}

function Alerts(props: { settings: Settings; save: Save }): ReactNode {
  const { settings, save } = props
  return (
    <Panel title="Alerts and recovery">
      <CheckField
        label="Mend by rule"
        help="Switched off, no rule restarts or repairs anything without you. Scheduled backups and maintenance go on."
        checked={settings.automation}
        onChange={event => save({ automation: event.target.checked })}
      />
      <div>
        <LinkButton to={places.channels} icon={BellRing}>
          Channels
        </LinkButton>
      </div>
    </Panel>
  )
}

function Desktop(props: { settings: Settings; save: Save }): ReactNode {
  const { settings, save } = props
  const shell = useShell()
  return (
    <Panel title="Desktop">
      <CheckField
        label="Notify me on this desktop"
        help="When something fails, is over, or needs you."
        checked={settings.notifications}
        onChange={event => save({ notifications: event.target.checked })}
      />
      <CheckField
        label="Keep watching when the window is closed"
        help="Quarterdeck then stays in the tray."
        checked={settings.closeToTray}
        onChange={event => save({ closeToTray: event.target.checked })}
      />
      <div>
        <Button icon={ScrollText} onClick={() => void shell.call('app.openLogs', undefined).catch(() => {})}>
          Open logs
        </Button>
      </div>
    </Panel>
  )
}

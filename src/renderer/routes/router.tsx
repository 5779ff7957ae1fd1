// Which address shows which screen; knows no screen's inside. Screens that are not the first one seen are loaded when they are needed.
import { createHashRouter, Navigate, type RouteObject } from 'react-router'
import { LoadingState } from '../components/faces.tsx'
import { FleetView } from '../views/fleet/fleet-view.tsx'
import { Lost, RouteFailed } from './lost.tsx'
import { Root } from './root.tsx'

export const routes: RouteObject[] = [
  {
    path: '/',
    element: <Root />,
    errorElement: <RouteFailed />,
    hydrateFallbackElement: <LoadingState afterMs={600} />,
    children: [
      { index: true, element: <Navigate to="/fleet" replace /> },
      { path: 'fleet', element: <FleetView /> },
      {
        path: 'activity',
        lazy: async () => ({ Component: (await import('../views/activity/activity-view.tsx')).ActivityView }),
      },
      {
        path: 'incidents',
        lazy: async () => ({ Component: (await import('../views/incidents/incidents-view.tsx')).IncidentsView }),
      },
      {
        path: 'incidents/:incidentId',
        lazy: async () => ({ Component: (await import('../views/incidents/incident-view.tsx')).IncidentView }),
      },
      {
        path: 'silences',
        lazy: async () => ({ Component: (await import('../views/silences/silences-view.tsx')).SilencesView }),
      },
      {
        path: 'checks',
        lazy: async () => ({ Component: (await import('../views/checks/checks-view.tsx')).ChecksView }),
      },
      {
        path: 'checks/suggestions',
        lazy: async () => ({ Component: (await import('../views/checks/suggestions-view.tsx')).SuggestionsView }),
      },
      {
        path: 'checks/new',
        lazy: async () => ({ Component: (await import('../views/checks/check-form-view.tsx')).NewCheckView }),
      },
      {
        path: 'checks/:checkId',
        lazy: async () => ({ Component: (await import('../views/checks/check-view.tsx')).CheckPage }),
      },
      {
        path: 'checks/:checkId/edit',
        lazy: async () => ({ Component: (await import('../views/checks/check-form-view.tsx')).EditCheckView }),
      },
      {
        path: 'settings',
        lazy: async () => ({ Component: (await import('../views/settings/settings-view.tsx')).SettingsView }),
      },
      {
        path: 'logins',
        lazy: async () => ({ Component: (await import('../views/logins/logins-view.tsx')).LoginsView }),
      },
      {
        path: 'logins/new',
        lazy: async () => ({ Component: (await import('../views/logins/login-form-view.tsx')).NewLoginView }),
      },
      {
        path: 'logins/:loginId',
        lazy: async () => ({ Component: (await import('../views/logins/login-view.tsx')).LoginPage }),
      },
      {
        path: 'logins/:loginId/edit',
        lazy: async () => ({ Component: (await import('../views/logins/login-form-view.tsx')).EditLoginView }),
      },
      {
        path: 'backups',
        lazy: async () => ({ Component: (await import('../views/backups/backups-view.tsx')).BackupsView }),
      },
      {
        path: 'backups/new',
        lazy: async () => ({ Component: (await import('../views/backups/backup-form-view.tsx')).NewBackupView }),
      },
      {
        path: 'backups/places',
        lazy: async () => ({ Component: (await import('../views/backups/targets-view.tsx')).TargetsView }),
      },
      {
        path: 'backups/places/new',
        lazy: async () => ({ Component: (await import('../views/backups/target-form-view.tsx')).NewTargetView }),
      },
      {
        path: 'backups/places/:targetId',
        lazy: async () => ({ Component: (await import('../views/backups/target-form-view.tsx')).EditTargetView }),
      },
      {
        path: 'backups/:backupId',
        lazy: async () => ({ Component: (await import('../views/backups/backup-view.tsx')).BackupPage }),
      },
      {
        path: 'backups/:backupId/edit',
        lazy: async () => ({ Component: (await import('../views/backups/backup-form-view.tsx')).EditBackupView }),
      },
      {
        path: 'backups/:backupId/restore',
        lazy: async () => ({ Component: (await import('../views/backups/restore-view.tsx')).RestorePage }),
      },
      {
        path: 'maintenance',
        lazy: async () => ({ Component: (await import('../views/maintenance/maintenance-view.tsx')).MaintenanceList }),
      },
      {
        path: 'maintenance/new',
        lazy: async () => ({ Component: (await import('../views/maintenance/task-form-view.tsx')).NewTaskView }),
      },
      {
        path: 'maintenance/:taskId',
        lazy: async () => ({ Component: (await import('../views/maintenance/task-view.tsx')).TaskPage }),
      },
      {
        path: 'maintenance/:taskId/edit',
        lazy: async () => ({ Component: (await import('../views/maintenance/task-form-view.tsx')).EditTaskView }),
      },
      {
        path: 'settings/channels',
        lazy: async () => ({ Component: (await import('../views/channels/channels-view.tsx')).ChannelsView }),
      },
      {
        path: 'settings/channels/new',
        lazy: async () => ({ Component: (await import('../views/channels/channel-form-view.tsx')).NewChannelView }),
      },
      {
        path: 'settings/channels/:channelId',
        lazy: async () => ({ Component: (await import('../views/channels/channel-form-view.tsx')).EditChannelView }),
      },
      {
        path: 'hosts/new',
        lazy: async () => ({ Component: (await import('../views/host-form/host-form-view.tsx')).HostFormView }),
      },
      {
        path: 'hosts/:hostId/edit',
        lazy: async () => ({ Component: (await import('../views/host-form/host-form-view.tsx')).HostFormView }),
      },
      {
        path: 'hosts/:hostId',
        lazy: async () => ({ Component: (await import('../views/host/host-layout.tsx')).HostLayout }),
        children: [
          { index: true, element: <Navigate to="services" replace /> },
          {
            path: 'services',
            lazy: async () => ({ Component: (await import('../views/host/services/services-view.tsx')).ServicesView }),
          },
          {
            path: 'services/:scope/:unit',
            lazy: async () => ({ Component: (await import('../views/host/service/service-view.tsx')).ServiceView }),
          },
          {
            path: 'services/:scope/:unit/recovery',
            lazy: async () => ({ Component: (await import('../views/recovery/recovery-view.tsx')).RecoveryPage }),
          },
          {
            path: 'metrics',
            lazy: async () => ({ Component: (await import('../views/host/metrics/metrics-view.tsx')).MetricsView }),
          },
          {
            path: 'journal',
            lazy: async () => ({ Component: (await import('../views/host/journal/journal-view.tsx')).JournalView }),
          },
          {
            path: 'timers',
            lazy: async () => ({ Component: (await import('../views/host/timers/timers-view.tsx')).TimersView }),
          },
          {
            path: 'checks',
            lazy: async () => ({ Component: (await import('../views/checks/host-checks-view.tsx')).HostChecksView }),
          },
        ],
      },
      { path: '*', element: <Lost /> },
    ],
  },
]

export type AppRouter = ReturnType<typeof createHashRouter>

export function createAppRouter(): AppRouter {
  return createHashRouter(routes)
}

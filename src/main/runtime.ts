// Tells a stand-in Electron that is only for development from the one the app is made for.

/** Which development-only runtime this is; null for the real one. The engine runs inside Electron from version 35 on. */
export function developmentRuntime(versions: NodeJS.ProcessVersions = process.versions): string | null {
  const version = versions.electron ?? '0'
  return Number.parseInt(version, 10) < 35 ? `Electron ${version}, for development only` : null
}

// Keeps GTK, which Chromium draws dialogs and tray icons with on Linux, from setting up OpenGL that nothing here draws by. Knows nothing of windows.

/**
 * To be called before the app is ready, when GTK reads its environment: its first icon would load the whole graphics driver into the
 * shell, 30 MB of it. The returned function takes the setting back once it was read, for the programs that are started from here.
 */
export function sparedGtkGl(env: NodeJS.ProcessEnv = process.env): () => void {
  // What the person has set stands, and is theirs to hand on.
  if (env.GDK_GL !== undefined) return () => {}
  env.GDK_GL = 'disable'
  return () => {
    delete env.GDK_GL
  }
}

// The body of a notification is markup to desktops, and names and messages come from hosts; knows neither way to show one.

export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

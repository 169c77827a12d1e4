/** The directory that holds `path`: `.` for a name without one, `/` for what lies at the root. Slashes at the end do not count. */
export function parentDirectory(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  const slash = trimmed.lastIndexOf('/');
  if (slash < 0) return trimmed === '' ? '/' : '.';
  return slash === 0 ? '/' : trimmed.slice(0, slash);
}

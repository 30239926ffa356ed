/** Whether Terraform takes a name for a workspace: what a path of a URL can hold as it is, and no directory's own name. */
export function isWorkspaceName(name: unknown): boolean {
  return typeof name === 'string' && /^[A-Za-z0-9\-_.~$&+:=@]+$/.test(name) && name !== '.' && name !== '..';
}

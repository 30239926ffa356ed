/** A target of a deployment: what is deployed, and where. */
export interface TargetRef {
  readonly deployment: string;
  readonly target: string;
}

/** `<kind>/<name>`: `terraform/ecs/service-api`. */
export type ComponentAddress = string;

/** A component's address in parts. */
export interface AddressParts {
  readonly kind: string;
  /** May have slashes. */
  readonly name: string;
}

/** An address in parts; all of it is the kind where there is no slash. */
export function parseAddress(address: ComponentAddress): AddressParts {
  const slash = address.indexOf('/');
  return slash === -1 ? { kind: address, name: '' } : { kind: address.slice(0, slash), name: address.slice(slash + 1) };
}

/** Whether a component is meant by a name: its address, or its name in it. */
export function isCalled(address: ComponentAddress, name: unknown): boolean {
  return address === name || parseAddress(address).name === name;
}

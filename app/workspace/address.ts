import { suggestion } from '../../config/index.ts';
import { AtmosError, isCalled } from '../../engine/index.ts';

/** The component that is meant, by its address or by a name that only one has. @throws AtmosError `unknown-component` */
export function addressOf(name: string, addresses: readonly string[]): string {
  const found = addresses.filter((address) => isCalled(address, name));
  const [first] = found;
  if (found.length === 1 && first !== undefined) return first;
  throw new AtmosError(
    found.length === 0 ? `this deployment has no component "${name}"` : `component name "${name}" is ambiguous: ${found.join(', ')}`,
    {
      kind: 'invalid',
      code: 'unknown-component',
      hint: suggestion(name, addresses, 'components'),
    },
  );
}

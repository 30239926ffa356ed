import { makeTree, type Store, type Tree, type TreeEntry } from '../../engine/index.ts';
import { makeImage } from './assemble.ts';
import { certificates, findCommand, withLibraries } from './binaries.ts';

/** Images that can be assembled from programs of this machine, by the name of the program that they carry beside a shell. */
export const TOOLCHAINS = ['terraform', 'tofu', 'node', 'opa'] as const;
export type Toolchain = (typeof TOOLCHAINS)[number];

export function isToolchain(name: string): name is Toolchain {
  return TOOLCHAINS.some((toolchain) => toolchain === name);
}

/** What busybox answers to in an image: what shell scripts of nodes may use. */
const APPLETS =
  '[ awk basename cat chmod cmp cp cut date diff dirname echo env expr false find grep gunzip gzip head id kill ln ls mkdir mkfifo mktemp mv printf pwd rm sed seq sh sha256sum sleep sort stat tail tar tee test touch tr true uname uniq unzip wc wget xargs';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n';
const GROUP = 'root:x:0:\nnobody:x:65534:\n';

/**
 * Assembles an image from this machine's own programs, for where no registry can be reached: a static busybox and the program with whatever
 * libraries it needs. The same programs give the same digest on every machine. Nothing but the store is written.
 * @throws AtmosError `no-binary` with how to get the program.
 */
export async function assembleToolchain(toolchain: Toolchain, store: Store): Promise<Tree> {
  const busybox = await findCommand('busybox', 'install it: sudo apt-get install busybox-static');
  const files = [...(await withLibraries(busybox, 'bin/busybox')), ...(await programOf(toolchain))];
  const entries = new Map<string, TreeEntry>();
  for (const { from, to } of files) entries.set(to, { path: to, mode: '755', ...(await store.putFile(from)) });
  const add = async (path: string, mode: TreeEntry['mode'], content: Uint8Array | string): Promise<void> =>
    void entries.set(path, { path, mode, digest: await store.put(content), size: Buffer.byteLength(content) });
  for (const applet of APPLETS.split(' ')) await add(`bin/${applet}`, 'link', 'busybox');
  await add('etc/passwd', '644', PASSWD);
  await add('etc/group', '644', GROUP);
  // A runtime mounts the machine's own over them for a node with a network.
  await add('etc/resolv.conf', '644', '');
  await add('etc/hosts', '644', '');
  const authorities = await certificates();
  if (authorities !== undefined) await add('etc/ssl/certs/ca-certificates.crt', '644', authorities);
  const spec = {
    workdir: '/',
    entrypoint: [],
    env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'],
    user: '',
    history: `atmos-deployment images build (${toolchain})`,
  };
  return makeImage(makeTree([...entries.values()]), spec, undefined, store);
}

/** Where the program of each comes from: another than this one is found on the path, and its message says how to get it. */
const PROGRAMS: Readonly<Record<Toolchain, string | undefined>> = {
  terraform: 'install Terraform: https://developer.hashicorp.com/terraform/install',
  tofu: 'install OpenTofu: https://opentofu.org/docs/intro/install/',
  opa: 'install Open Policy Agent: https://www.openpolicyagent.org/docs',
  node: undefined,
};

async function programOf(toolchain: Toolchain) {
  const hint = PROGRAMS[toolchain];
  return withLibraries(hint === undefined ? process.execPath : await findCommand(toolchain, hint), `usr/bin/${toolchain}`);
}

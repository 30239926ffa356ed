import { diagnose, type Finding } from '../../app/index.ts';
import { type Globals, print } from '../answers/globals.ts';

/** For people, what a program is for that is not needed everywhere. */
const USES: Readonly<Record<string, string>> = {
  terraform: 'for images build',
  tofu: 'for images build, where components use OpenTofu',
  busybox: 'for images build',
  slirp4netns: 'for isolated networks with bubblewrap',
};

export async function doctor(globals: Globals): Promise<void> {
  const diagnosis = await diagnose();
  await print(globals.format, diagnosis, () => {
    const { findings, runtime } = diagnosis;
    const last =
      runtime === undefined ? '✖ no runtime works here: containers can’t be run' : `✔ default runtime: ${runtime} (engine.runtime: auto)`;
    return [...findings.flatMap(linesOf), last].join('\n');
  });
  if (!diagnosis.isFit) process.exitCode = 4;
}

function linesOf({ what, version, isNeeded, reason, hint, enforces, lacks }: Finding): readonly string[] {
  const use = USES[what] === undefined ? '' : `  (${USES[what]})`;
  if (version === undefined) return [`${isNeeded ? '✖' : '–'} ${reason}${use}`, ...(hint === undefined ? [] : [`    ${hint}`])];
  return [
    `✔ ${what} ${version}${use}`,
    ...(enforces === undefined || enforces.length === 0 ? [] : [`    enforces ${enforces.join(', ')}`]),
    ...(lacks === undefined || lacks.length === 0 ? [] : [`    does not enforce ${lacks.join(', ')}`]),
    ...(hint === undefined ? [] : [`    to enable: ${hint}`]),
  ];
}

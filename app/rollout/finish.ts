import { AtmosError } from '../../engine/index.ts';
import {
  type Appended,
  componentRef,
  type Entry,
  type LedgerRecord,
  type Lock,
  ledgerRef,
  lockLost,
  type RefIds,
  type TargetState,
} from '../../tracking/index.ts';
import { type ChangeSubject, type Ending, outcomeEntry } from '../target/record.ts';
import { keepOutcome, notRecorded } from '../target/unrecorded.ts';
import { append } from '../workspace/append.ts';
import { withCommits } from '../workspace/source-refs.ts';
import type { Workspace } from '../workspace/workspace.ts';

/**
 * Records the outcome and frees the lock. Where the remote does not take it, it is kept here.
 * @throws AtmosError `not-recorded`; `lock-lost` when somebody took the lock away
 */
export async function finish(
  workspace: Workspace,
  subject: ChangeSubject,
  ending: Ending,
  lock: Lock,
  intent: Appended,
): Promise<LedgerRecord> {
  const { refs } = await workspace.tracking();
  const { deployment, target } = subject;
  const freeing = await lock.end();
  const sources = [...subject.work.keys()].map((address) => componentRef({ deployment, target }, address));
  const pointed = await refs.readLocal(sources);
  const known = new Map([
    ...pointed,
    [ledgerRef({ deployment, target }), intent.commit],
    ...(freeing.from === undefined ? [] : [[freeing.ref, freeing.from] as const]),
  ]);
  const build = async (state: TargetState, now: RefIds): Promise<Entry> => {
    // Whoever has the lock now records what there is: it waited for what was under way.
    if (freeing.from !== undefined && now.get(freeing.ref) !== freeing.from) throw lockLost({ deployment, target });
    const entry = outcomeEntry(subject, ending, state, now);
    const moves = await withCommits(workspace, entry.refs ?? []);
    return { ...entry, refs: [...moves, freeing] };
  };
  try {
    const options = { watch: [freeing.ref, ...sources], known, patience: 'outcome' } as const;
    const { record } = await append(workspace, deployment, target, build, options);
    return record;
  } catch (error) {
    if (!(error instanceof AtmosError) || error.code === 'lock-lost') throw error;
    const { record } = outcomeEntry(subject, ending, intent.state, known);
    keepOutcome(workspace, { intent: intent.record.id, lock: freeing.from ?? null, record });
    throw notRecorded(record, error);
  }
}

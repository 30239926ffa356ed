import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { explain } from '../../cli/commands/explain.ts';
import { makeProgram } from '../../cli/program.ts';

function helpOf(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => void parts.push(part) });
  command.outputHelp();
  return parts.join('');
}

function verbsOf(command: Command, path: readonly string[] = []): readonly (readonly [path: readonly string[], verb: Command])[] {
  if (command.commands.length === 0) return [[path, command]];
  return command.commands.flatMap((one) => verbsOf(one, [...path, one.name()]));
}

const PROGRAM = makeProgram();
explain(PROGRAM);

test.each(verbsOf(PROGRAM).map(([path, verb]) => [path.join(' '), verb] as const))(
  'the help of %s has examples that are command lines of it, and says what each argument and option is',
  (path, verb) => {
    const help = helpOf(verb);
    const examples = [...help.matchAll(/^ {2}atmos-deployment (.*)$/gm)].map(([, line = '']) => line);
    expect(examples).not.toEqual([]);
    for (const example of examples) {
      expect(example.startsWith(path)).toBe(true);
      const { operands, unknown } = verb.parseOptions(example.slice(path.length).trim().split(' ').filter(Boolean));
      const { length } = verb.registeredArguments;
      const needed = verb.registeredArguments.filter(({ required }) => required).length;
      expect([unknown, operands.length >= needed && operands.length <= length]).toEqual([[], true]);
    }
    expect(verb.registeredArguments.filter(({ description }) => description === '').map((one) => one.name())).toEqual([]);
    expect(help).not.toMatch(/^ +--[a-z-]+( <[a-z]+>)?$\n(?! {10})/m);
    expect(help).not.toContain('default: false');
  },
);

import type { TextCache } from '../../yaml/index.ts';
import type { ConfigFiles } from '../source/files.ts';
import type { Project } from './project.ts';

/** Where configuration is read, and by what rules. */
export interface ConfigSource {
  readonly files: ConfigFiles;
  /** What `atmos.yaml` says. */
  readonly project: Project;
  /** What is known of texts that were read before. */
  readonly cache?: TextCache | undefined;
}

/** What root modules are read from. */
export type ModuleSource = Omit<ConfigSource, 'project'>;

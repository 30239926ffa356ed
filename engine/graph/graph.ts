import { AtmosError } from '../base/errors.ts';
import { type Node, type NodeId, outputNames } from './node.ts';

/** Nodes with their edges: checked, acyclic, immutable. */
export interface Graph {
  readonly nodes: ReadonlyMap<NodeId, Node>;
  /** What each node waits for. */
  readonly dependencies: ReadonlyMap<NodeId, ReadonlySet<NodeId>>;
  /** What waits for it. */
  readonly dependents: ReadonlyMap<NodeId, ReadonlySet<NodeId>>;
}

/** @throws AtmosError `dependency-cycle` naming the loop; TypeError on nodes that refer to nothing, which is a fault of the expander. */
export function makeGraph(nodes: readonly Node[]): Graph {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  if (byId.size !== nodes.length) throw new TypeError(`node twice in a graph: ${nodes.find((n) => byId.get(n.id) !== n)?.id}`);
  const dependencies = new Map<NodeId, Set<NodeId>>(nodes.map((n) => [n.id, new Set<NodeId>()]));
  const dependents = new Map<NodeId, Set<NodeId>>(nodes.map((n) => [n.id, new Set<NodeId>()]));
  const connect = (node: Node, to: NodeId): void => {
    if (!byId.has(to)) throw new TypeError(`${node.id} refers to ${to}, which is not in the graph`);
    dependencies.get(node.id)?.add(to);
    dependents.get(to)?.add(node.id);
  };
  for (const node of nodes) {
    for (const to of node.after) connect(node, to);
    for (const { from } of node.inputs) {
      if (typeof from === 'string') continue;
      connect(node, from.node);
      const source = byId.get(from.node);
      if (source !== undefined && !outputNames(source.action).includes(from.output)) {
        throw new TypeError(`${node.id} reads ${from.output} of ${from.node}, which does not export it`);
      }
    }
  }
  const loop = findCycle(dependencies);
  if (loop !== undefined) {
    throw new AtmosError(`cycle in nodes: ${loop.join(' → ')}`, {
      kind: 'invalid',
      code: 'dependency-cycle',
      hint: 'remove one of these dependencies',
    });
  }
  return { nodes: byId, dependencies, dependents };
}

/** Some nodes of a graph, with all that they wait for. */
export function subgraph(graph: Graph, wanted: (node: Node) => boolean): Graph {
  const kept = new Set<NodeId>();
  const keep = (id: NodeId): void => {
    if (kept.has(id)) return;
    kept.add(id);
    for (const before of graph.dependencies.get(id) ?? []) keep(before);
  };
  for (const node of graph.nodes.values()) if (wanted(node)) keep(node.id);
  return makeGraph([...graph.nodes.values()].filter(({ id }) => kept.has(id)));
}

/** A loop as the names along it, the first one again at the end; `undefined` when there is none. */
export function findCycle(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const onPath = new Set<string>();
  const visit = (name: string): readonly string[] | undefined => {
    if (onPath.has(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    onPath.add(name);
    path.push(name);
    for (const next of edges.get(name) ?? []) {
      const loop = visit(next);
      if (loop !== undefined) return loop;
    }
    path.pop();
    onPath.delete(name);
    done.add(name);
    return undefined;
  };
  for (const name of edges.keys()) {
    const loop = visit(name);
    if (loop !== undefined) return loop;
  }
  return undefined;
}

/** For each node how long the longest chain from it to an end takes, itself included. `duration` says how long one node takes. */
export function chainLengths(graph: Graph, duration: (id: NodeId) => number): ReadonlyMap<NodeId, number> {
  const lengths = new Map<NodeId, number>();
  const visit = (id: NodeId): number => {
    const known = lengths.get(id);
    if (known !== undefined) return known;
    let longest = 0;
    for (const next of graph.dependents.get(id) ?? []) longest = Math.max(longest, visit(next));
    const length = longest + duration(id);
    lengths.set(id, length);
    return length;
  };
  for (const id of graph.nodes.keys()) visit(id);
  return lengths;
}

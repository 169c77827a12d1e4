import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from 'typescript/unstable/ast';
import {
  isClassDeclaration,
  isFunctionDeclaration,
  isInterfaceDeclaration,
  isTypeAliasDeclaration,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is';
import { API, type Checker, type Project, type Symbol as TypeScriptSymbol } from 'typescript/unstable/sync';
import { root } from '../source-files.ts';
import { docOf, headOf, isHidden, typeTextOf } from './declaration-text.ts';

/** One thing that a package exports, or a member of it. */
export interface Declared {
  readonly name: string;
  readonly kind: 'class' | 'interface' | 'type' | 'function' | 'constant' | 'method' | 'property';
  /** TypeScript without bodies: one for each overload. */
  readonly signatures: readonly string[];
  /** Its docstrings, as Markdown: one for each overload, empty where there is none. */
  readonly docs: readonly string[];
  /** The file it is declared in, from the package's `src`. */
  readonly file: string;
  readonly members: readonly Declared[];
}

const INDEX_OF_SOURCE = '/src/';
const OPTIONAL = 16_777_216; // SymbolFlags.Optional
const ALIAS = 2_097_152; // SymbolFlags.Alias

/** A way into a package, and what it exports. */
export interface Door {
  /** As it is imported: `@ks/client`, `@ks/client/avro`. */
  readonly name: string;
  /** By file; what an earlier door has shown is left out. */
  readonly declared: readonly Declared[];
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, { readonly '@ks/source': string }>>;
}

/** The doors of a package that are open to everyone, in the order of its package.json, read from the sources by TypeScript itself. */
export function doorsOf(folder: string): readonly Door[] {
  const home = join(root, 'packages', folder);
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest;
  const api = new API({ cwd: root });
  try {
    const config = join(home, 'tsconfig.build.json');
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    if (project === undefined) throw new Error(`TypeScript cannot read packages/${folder}`);
    const shown = new Set<number>();
    return Object.entries(manifest.exports)
      .filter(([door]) => door !== './internal')
      .map(([door, { '@ks/source': source }]) => {
        const module = moduleOf(project, join(home, source));
        const declared = new Declarations(project, module).all(shown);
        return { name: `${manifest.name}${door.slice(1)}`, declared };
      });
  } finally {
    api.close();
  }
}

function moduleOf(project: Project, path: string): readonly TypeScriptSymbol[] {
  const file = project.program.getSourceFile(path);
  const symbol = file && project.checker.getSymbolAtLocation(file);
  if (symbol === undefined) throw new Error(`${path} exports nothing that TypeScript knows of`);
  return project.checker.getExportsOfModule(symbol);
}

class Declarations {
  readonly #project: Project;
  readonly #checker: Checker;
  readonly #exported: readonly TypeScriptSymbol[];
  readonly #names: ReadonlySet<string>;

  constructor(project: Project, exported: readonly TypeScriptSymbol[]) {
    this.#project = project;
    this.#checker = project.checker;
    this.#exported = exported.map((one) => ((one.flags & ALIAS) === 0 ? one : this.#checker.getAliasedSymbol(one)));
    this.#names = new Set(exported.map(({ name }) => name));
  }

  /** All but those whose ids are in `shown`, to which these are added. */
  all(shown: Set<number>): readonly Declared[] {
    const fresh = this.#exported.filter(({ id }) => !shown.has(id));
    for (const { id } of fresh) shown.add(id);
    return fresh.map((symbol) => this.#exportOf(symbol)).toSorted((a, b) => (a.file < b.file ? -1 : 1));
  }

  #nodesOf(symbol: TypeScriptSymbol): readonly Node[] {
    return symbol.declarations.flatMap((handle) => handle.resolve(this.#project) ?? []);
  }

  #exportOf(symbol: TypeScriptSymbol): Declared {
    const nodes = withoutImplementation(this.#nodesOf(symbol));
    const [node] = nodes;
    if (node === undefined) throw new Error(`${symbol.name} is declared nowhere`);
    const of = { name: symbol.name, docs: nodes.map(docOf), file: fileOf(node) };
    if (isClassDeclaration(node)) {
      return { ...of, kind: 'class', signatures: [], members: this.#membersOf(symbol) };
    }
    if (isInterfaceDeclaration(node)) {
      return { ...of, kind: 'interface', signatures: [headOf(node)], members: this.#membersOf(symbol) };
    }
    if (isFunctionDeclaration(node)) return { ...of, kind: 'function', signatures: nodes.map(headOf), members: [] };
    if (isTypeAliasDeclaration(node)) return { ...of, kind: 'type', signatures: nodes.map(headOf), members: [] };
    if (isVariableDeclaration(node)) return this.#constantOf(symbol, node, of);
    throw new Error(`${symbol.name}: no one taught this tool to show such a declaration`);
  }

  #constantOf(symbol: TypeScriptSymbol, node: Node, of: Pick<Declared, 'name' | 'docs' | 'file'>): Declared {
    const written = typeTextOf(node);
    const type = this.#checker.getTypeOfSymbol(symbol);
    const properties = written === undefined && type !== undefined ? this.#checker.getPropertiesOfType(type) : [];
    const signatures = written === undefined ? [] : [`const ${symbol.name}: ${written}`];
    return { ...of, kind: 'constant', signatures, members: properties.map((one) => this.#valueOf(one)) };
  }

  #valueOf(property: TypeScriptSymbol): Declared {
    const type = this.#checker.getTypeOfSymbol(property);
    const nodes = this.#nodesOf(property);
    const text = type === undefined ? '' : this.#checker.typeToString(type);
    const of = { name: property.name, docs: nodes.map(docOf), file: nodes[0] ? fileOf(nodes[0]) : '' };
    return { ...of, kind: 'property', signatures: [text], members: [] };
  }

  /** Members that are declared here, or in a base that is not shown by itself. */
  #membersOf(symbol: TypeScriptSymbol): readonly Declared[] {
    const properties = this.#checker.getPropertiesOfType(this.#checker.getDeclaredTypeOfSymbol(symbol));
    return properties.flatMap((property) => {
      if (property.name.startsWith('__')) return []; // Private, or named by a symbol.
      const nodes = withoutImplementation(this.#nodesOf(property));
      const [node] = nodes;
      if (node === undefined || nodes.some(isHidden) || fileOf(node) === '') return [];
      const owner = ownerOf(node);
      if (owner !== symbol.name && this.#names.has(owner)) return [];
      return [this.#memberOf(property, nodes, node)];
    });
  }

  #memberOf(property: TypeScriptSymbol, nodes: readonly Node[], node: Node): Declared {
    const of = { name: property.name, docs: nodes.map(docOf), file: fileOf(node), members: [] };
    const type = typeTextOf(node);
    if (type === undefined) return { ...of, kind: 'method', signatures: nodes.map(headOf) };
    const isOptional = (property.flags & OPTIONAL) !== 0;
    const shown = isOptional ? type.replace(/ \| undefined$/, '').replace(/^\((.*)\)$/, '$1') : type;
    return { ...of, kind: 'property', signatures: [`${property.name}${isOptional ? '?' : ''}: ${shown}`] };
  }
}

/** The overloads of a function, or its one declaration. */
function withoutImplementation(nodes: readonly Node[]): readonly Node[] {
  const overloads = nodes.filter((node) => !('body' in node) || node.body === undefined);
  return nodes.length > 1 && overloads.length > 0 ? overloads : nodes;
}

function ownerOf(node: Node): string {
  const { parent } = node;
  return isClassDeclaration(parent) || isInterfaceDeclaration(parent) ? (parent.name?.text ?? '') : '';
}

/** From the package's `src`; empty for what is declared in no source. */
function fileOf(node: Node): string {
  const path = node.getSourceFile().fileName;
  if (path.endsWith('.d.ts')) return '';
  return path.slice(path.lastIndexOf(INDEX_OF_SOURCE) + INDEX_OF_SOURCE.length);
}

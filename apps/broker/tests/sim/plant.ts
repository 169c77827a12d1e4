import { registerHooks } from 'node:module';
import { clusterMutations } from './cluster-mutations.ts';
import { mutations } from './mutations.ts';

// node --import <this> with KS_SIM_MUTATION=<name>: runs a program with that bug planted in the broker's source.

const wanted = [...mutations, ...clusterMutations].find(({ name }) => name === process.env['KS_SIM_MUTATION']);
if (wanted === undefined) throw new Error(`no such mutation: ${process.env['KS_SIM_MUTATION']}`);
const edits = [wanted, ...(wanted.alsoIn ?? [])];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const edit = edits.find(({ file }) => url.endsWith(`/apps/broker/src/${file}`));
    if (edit === undefined) return loaded;
    const { file, find, replace } = edit;
    const source =
      typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source as Uint8Array);
    const parts = source.split(find);
    if (parts.length !== 2) throw new Error(`${file} holds ${parts.length - 1} times what is to be replaced: ${find}`);
    return { ...loaded, source: parts.join(replace) };
  },
});

// etcd3 reads its .proto files from beside its own source. A bundle has no such folder: they become part of the code.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** The call that reads the files, as etcd3 writes it: a release that writes it otherwise must not pass unnoticed. */
const call = /\(0, (\w+)\.loadSync\)\(`\$\{__dirname\}\/\.\.\/proto\/rpc\.proto`,/;

/** A plugin of esbuild. */
export const embedEtcdProtocol = {
  name: 'embed-etcd-protocol',
  setup(build) {
    build.onLoad({ filter: /[\\/]etcd3[\\/]lib[\\/]connection-pool\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!call.test(source)) throw new Error(`${path} reads its protocol in a way that is not known here`);
      const ofEtcd3 = createRequire(path);
      const protobuf = createRequire(ofEtcd3.resolve('@grpc/proto-loader'))('protobufjs');
      // Names as the files have them, which is also how etcd3 asks for them.
      const root = new protobuf.Root().loadSync(ofEtcd3.resolve('etcd3/proto/rpc.proto'), { keepCase: true });
      const embedded = JSON.stringify(root.toJSON({ keepComments: false }));
      return { contents: source.replace(call, (_all, loader) => `(0, ${loader}.fromJSON)(${embedded},`), loader: 'js' };
    });
  },
};

// A process of attackers: horde.ts ATTACK PORT SIZE SECONDS; prints its tally as JSON.
import process from 'node:process';
import { attacks } from './attacks.ts';

const [name = '', port, size, seconds] = process.argv.slice(2);
const attack = attacks[name];
if (attack === undefined) throw new Error(`unknown attack ${name}; known are ${Object.keys(attacks).join(', ')}`);
const aborting = new AbortController();
setTimeout(() => aborting.abort(), Number(seconds) * 1000);
const tally = await attack.run(Number(port), Number(size) || attack.size, aborting.signal);
process.stdout.write(`${JSON.stringify(tally)}\n`);
process.exit(0);

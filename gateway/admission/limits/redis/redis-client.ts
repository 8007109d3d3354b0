// A program of its own on the machine, which loads it where counters are shared.
export { createClient } from '@redis/client';

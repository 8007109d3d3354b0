export {
  type AdminPasswordRule,
  type BaseFacts,
  type Facts,
  FactsError,
  type ProductFacts,
  parseFacts,
  readFacts,
  type TargetFacts,
} from './facts.ts';
export { type MachineFacts, machineFacts, readMachineFacts } from './machine-facts.ts';

import { plansContract } from "../test/contract/plans.ts";
import { memoryPlans } from "./memory-plans.ts";

plansContract("memoryPlans", memoryPlans);

import { locksContract } from "../test/contract/locks.ts";
import { memoryLocks } from "./memory-locks.ts";

locksContract("memoryLocks", memoryLocks);

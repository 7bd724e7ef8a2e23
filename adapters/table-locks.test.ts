import { locksContract } from "../test/contract/locks.ts";
import { emptyTables } from "../test/support/azurite.ts";
import { tableLocks } from "./table-locks.ts";

locksContract("tableLocks", async () => tableLocks(await emptyTables()));

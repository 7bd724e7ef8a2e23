import { plansContract } from "../test/contract/plans.ts";
import { emptyTables } from "../test/support/azurite.ts";
import { tablePlans } from "./table-plans.ts";

plansContract("tablePlans", async () => tablePlans(await emptyTables()));

import { journalContract } from "../test/contract/journal.ts";
import { memoryJournal } from "./memory-journal.ts";

journalContract("memoryJournal", memoryJournal);

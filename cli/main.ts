#!/usr/bin/env node
import { launch } from "./launch.mjs";

// The command as its sources have it. A bundle of them is used where there is one that is up to date; none is made.
await launch({ build: false });

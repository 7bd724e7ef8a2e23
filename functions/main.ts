import { compose } from "./compose.ts";
import { register } from "./register.ts";

// The file that Azure loads.
register(compose(process.env));

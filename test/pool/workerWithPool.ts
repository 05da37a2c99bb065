// Asks for a pool where there must be none beside the main thread's.
import { pool } from "@weir-dev/pool";

pool({ limitFile: "none", serve: false });

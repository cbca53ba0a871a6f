import { sqliteEngine } from "./sql-databases.js";
import { sqlTargetSuite } from "./sql-target-suite.js";

sqlTargetSuite(sqliteEngine);

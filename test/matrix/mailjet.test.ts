import { describeFaultsAt } from "./support/matrix.ts";

describeFaultsAt("mailjet");

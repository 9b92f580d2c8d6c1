import { describeFaultsAt } from "./support/matrix.ts";

describeFaultsAt("sendgrid");

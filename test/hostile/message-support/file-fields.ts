import fc from "fast-check";
import { accepted, refused, type Specimen } from "./specimen.ts";
import { canary, fitsHeader, headerText, plainWord, shown, textOf } from "./texts.ts";
import { noText, textsOf } from "./written-texts.ts";

export const filename: fc.Arbitrary<Specimen<string>> = fc.oneof(
  {
    weight: 14,
    arbitrary: textsOf(
      fc.oneof(
        { weight: 4, arbitrary: headerText },
        { weight: 2, arbitrary: plainWord },
        fc.constantFrom(
          ...'../../etc/passwd C:\\a.exe .. . / CON a.constructor a.__proto__ a.toString a%22b a%0d%0ab "; a="b =?UTF-8?Q?a?='.split(
            " ",
          ),
          "",
          " ",
          textOf(255),
          textOf(256),
          textOf(65_536),
        ),
      ),
      (text) => text !== "" && fitsHeader(text),
    ),
  },
  noText,
  fc.constant(refused("nothing", () => undefined)),
);

const validTypes = [
  "text/html",
  "APPLICATION/Octet-Stream",
  "text/plain; charset=utf-8",
  `x-${canary}/!#$%&'*+.^_\`|~-`,
  `text/plain; name="a\\"b; c=d"`,
  "a/b",
  `a/${"b".repeat(76)}`,
  `a/${"b".repeat(77)}`,
];
const noTypes = [
  "",
  " ",
  canary,
  "text/",
  "/html",
  "text/html/x",
  "text /html",
  "text/html\r\nBcc: eve@example.net",
  "text/html; charset=utf-8\r\n\r\n<script>",
  "text/html; charset=\u202e",
  "text/html\0",
  "tëxt/html",
  "text/html;\tx=y",
  "text/html, text/plain",
  "multipart/mixed; boundary=x\n",
];

export const contentType: fc.Arbitrary<Specimen<string>> = fc.oneof(
  { weight: 10, arbitrary: textsOf(fc.constantFrom(...validTypes), () => true) },
  { weight: 2, arbitrary: textsOf(fc.constantFrom(...noTypes), () => false) },
  noText,
);

const validIds = [
  "logo",
  `${canary}@example.org`,
  "!#$%&'()*+,-./:;=?@[\\]^_`{|}~",
  "<logo2>",
  "..",
  "a%22b",
  textOf(78),
  textOf(79),
  "__proto__",
];
const noIds = [
  "",
  " ",
  "a b",
  "<a><b>",
  "<a",
  'a"b',
  "lögo",
  "a\r\nBcc: eve@example.net",
  "a\0",
  "\u202e",
  "<>",
  `<${canary}>\r\n`,
];

export const contentId: fc.Arbitrary<Specimen<string>> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.constantFrom(...validIds).map((id) => accepted(shown(id), () => id, id.replace(/^<(.*)>$/, "$1"))),
  },
  { weight: 2, arbitrary: textsOf(fc.constantFrom(...noIds), () => false) },
  noText,
);

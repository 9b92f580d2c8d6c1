import ts from "typescript";

const cached = /\/node_modules\/(?:typescript\/lib|@types\/node|undici-types)\//;

/**
 * TypeScript for many small programs with the same options: its own declarations and those of Node are read once, and
 * taken for right. All others are checked, as without "skipLibCheck".
 */
export class Compiler {
  readonly #options: ts.CompilerOptions;
  readonly #host: ts.CompilerHost;

  constructor(options: ts.CompilerOptions) {
    this.#options = { strict: true, skipLibCheck: false, types: ["node"], ...options };
    this.#host = ts.createCompilerHost(this.#options);
    const read = this.#host.getSourceFile.bind(this.#host);
    const files = new Map<string, ts.SourceFile | undefined>();
    this.#host.getSourceFile = (path, ...how) => {
      if (!cached.test(path)) return read(path, ...how);
      if (!files.has(path)) files.set(path, read(path, ...how));
      return files.get(path);
    };
  }

  /** Writes JavaScript beside its sources, and says what is wrong with them and with the declarations they use. */
  compile(folder: string, files: readonly string[]): readonly string[] {
    const options = { ...this.#options, typeRoots: [`${folder}/node_modules/@types`] };
    const host = { ...this.#host, getCurrentDirectory: () => folder };
    const program = ts.createProgram(
      files.map((file) => `${folder}/${file}`),
      options,
      host,
    );
    const checked = program.getSourceFiles().filter(({ fileName }) => !cached.test(fileName));
    const found = [
      ...program.getOptionsDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...checked.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
    ];
    if (found.length === 0) program.emit();
    return found.map(
      ({ file, messageText }) => `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
  }
}

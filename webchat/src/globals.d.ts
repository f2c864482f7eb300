/** Put in by the build (build.mjs). */
declare const CHAT_FILE: string;
declare const LAUNCHER_WORD: string;
declare const FAILED_WORD: string;

declare module "*.css" {
  const text: string;
  export default text;
}

/** A page with what stands between `<!-- name -->` and `<!-- end of name -->` replaced. Throws where it has no such marks. */
export function withSection(page: string, name: string, text: string): string {
  const parts = page.split(new RegExp(`(?<=<!-- ${name} -->\n)|(?=<!-- end of ${name} -->)`));
  if (parts.length !== 3) throw new Error(`the page has no marks named ${name}`);
  return `${parts[0]}\n${text}\n\n${parts[2]}`;
}

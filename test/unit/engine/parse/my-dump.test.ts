// What mysqldump writes, read in pieces of any size: rows counted whatever is in them, and no cut taken for a whole one.
import { expect, test } from 'vitest'
import { MyDumpReader } from '../../../../src/engine/parse/my-dump.ts'

const dump = `-- MariaDB dump 10.19
/*!40101 SET NAMES utf8mb4 */;
CREATE TABLE \`orders\` (
  \`id\` int NOT NULL, -- (1),(2)
  PRIMARY KEY (\`id\`)
) ENGINE=InnoDB;
/*!50003 CREATE*/ /*!50017 DEFINER=\`root\`@\`localhost\`*/ /*!50003 TRIGGER t BEFORE INSERT ON orders FOR EACH ROW SET @a = 1 */;;
INSERT INTO \`orders\` VALUES (1,'it\\'s (1),(2)\\n;','ä'),(2,NULL,0x2829),(3,'\\\\',''),
(4,'${'x'.repeat(900)}','()');
INSERT INTO \`orders\` VALUES (5,'','');
CREATE TABLE \`odd \`\`näme\` (
  \`n\` int
);
INSERT INTO \`odd \`\`näme\` (\`n\`) VALUES (1),(2);
CREATE TABLE \`empty\` (
  \`n\` int
);
-- Dump completed on 2026-11-22 13:20:00
`

test('rows are counted whatever the pieces are', () => {
  const bytes = new TextEncoder().encode(dump)
  for (const size of [1, 2, 3, 7, 50, 399, 400, 401, 1_000, bytes.length]) {
    const reader = new MyDumpReader()
    for (let at = 0; at < bytes.length; at += size) reader.feed(bytes.subarray(at, at + size))
    const { rows, complete } = reader.end()
    expect([...rows], `${size}`).toEqual([
      ['orders', 5],
      ['odd `näme', 2],
      ['empty', 0],
    ])
    expect(complete).toBe(true)
  }
})

test('S29 no cut is taken for a whole one', () => {
  const bytes = new TextEncoder().encode(dump)
  const end = dump.indexOf('-- Dump completed') + '-- Dump completed'.length + (bytes.length - dump.length)
  for (let length = 0; length < end; length++) {
    const reader = new MyDumpReader()
    reader.feed(bytes.subarray(0, length))
    expect(reader.end().complete, `${length}`).toBe(false)
  }
})

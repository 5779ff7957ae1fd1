// One table out of mysqldump's text, in pieces of any size: as MariaDB 10.5 and MySQL 9 write it with --hex-blob.
import { expect, test } from 'vitest'
import { MyTableToCsv } from '../../../../src/engine/parse/my-rows.ts'

const dump = String.raw`-- MariaDB dump 10.19  Distrib 10.5.29-MariaDB
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS ${'`'}other${'`'};
CREATE TABLE ${'`'}other${'`'} (
  ${'`'}n${'`'} int(11) DEFAULT NULL
) ENGINE=InnoDB;
INSERT INTO ${'`'}other${'`'} VALUES (1),(2);
DROP TABLE IF EXISTS ${'`'}käse${'`'};
CREATE TABLE ${'`'}käse${'`'} (
  ${'`'}id${'`'} int(11) NOT NULL,
  ${'`'}a,${'``'}b${'`'} text COMMENT 'of ${'`'}id${'`'}',
  ${'`'}raw${'`'} blob,
  PRIMARY KEY (${'`'}id${'`'}),
  KEY ${'`'}k${'`'} (${'`'}id${'`'})
) ENGINE=InnoDB;
/*!40000 ALTER TABLE ${'`'}käse${'`'} DISABLE KEYS */;
INSERT INTO ${'`'}käse${'`'} VALUES (1,'it\'s ), (\n\"q\" \\ ;',0x00FF),(-2,NULL,NULL);
INSERT INTO ${'`'}käse${'`'} VALUES
(3,'NULL',_binary 'a''b'),
(4,'','ä');
/*!40000 ALTER TABLE ${'`'}käse${'`'} ENABLE KEYS */;
INSERT INTO ${'`'}other${'`'} VALUES (3);
-- Dump completed on 2026-11-22 17:00:00
`
const csvOf = (text: string, table: string, size: number): { csv: string; found: boolean } => {
  const bytes = Buffer.from(text, 'utf8')
  const reader = new MyTableToCsv(table)
  let csv = ''
  for (let at = 0; at < bytes.length; at += size) csv += reader.push(bytes.subarray(at, at + size).toString('latin1'))
  return { csv: Buffer.from(csv + reader.end(), 'latin1').toString('utf8'), found: reader.found }
}

test.each([1, 2, 3, 7, 64, 100_000])('rows of one table and no other, in pieces of %i bytes', size => {
  expect(csvOf(dump, 'käse', size)).toEqual({
    found: true,
    csv: 'id,"a,`b",raw\r\n1,"it\'s ), (\n""q"" \\ ;",0x00FF\r\n-2,,\r\n3,NULL,a\'b\r\n4,"",ä\r\n',
  })
  expect(csvOf(dump, 'other', size).csv).toBe('n\r\n1\r\n2\r\n3\r\n')
})

test('a table without rows has its headers, one that is not there nothing', () => {
  const empty = 'CREATE TABLE `t` (\n  `a` int,\n  `b` int\n);\n-- Dump completed\n'
  expect(csvOf(empty, 't', 5)).toEqual({ found: true, csv: 'a,b\r\n' })
  expect(csvOf(empty, 'T', 5)).toEqual({ found: false, csv: '' })
})

test('columns that a statement names are those that it gives', () => {
  const made = 'CREATE TABLE `t` (\n  `a` int,\n  `g` int GENERATED ALWAYS AS (`a` * 2) VIRTUAL,\n  `z` text\n);\n'
  expect(csvOf(`${made}INSERT INTO \`t\` (\`a\`, \`z\`) VALUES (1,'VALUES (2)');\n`, 't', 4).csv).toBe(
    'a,z\r\n1,VALUES (2)\r\n',
  )
})

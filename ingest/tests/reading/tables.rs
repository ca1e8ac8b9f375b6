//! Tables: rows with a target, columns to learn from, and what belongs to them.

use almanac_data::{Audit, Code, Source, Table};
use almanac_ingest::{ReadError, ReadTable};

use super::data_root;

/// Reads the first file as a table; `{dir}` in the settings stands for the folder of all.
fn tables(files: &[(&str, &[u8])], settings: &str) -> Result<ReadTable, ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().display().to_string();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let mut source: Source = toml::from_str(&settings.replace("{dir}", &dir)).unwrap();
    if source.path.is_empty() {
        source.path = vec![format!("{dir}/{}", files[0].0)];
    }
    almanac_ingest::read_table(&source, None)
}

fn table(text: &str, settings: &str) -> ReadTable {
    tables(&[("f.csv", text.as_bytes())], settings).unwrap()
}

#[track_caller]
fn refused(text: &str, settings: &str, message: &str, hint: &str) {
    refused_files(&[("f.csv", text.as_bytes())], settings, message, hint);
}

#[track_caller]
fn refused_files(files: &[(&str, &[u8])], settings: &str, message: &str, hint: &str) {
    let error = match tables(files, settings) {
        Ok(read) => panic!("was read: {:?}", read.table),
        Err(error) => error,
    };
    let (words, way_out) = (error.to_string(), error.hint().unwrap_or_default());
    assert!(words.contains(message), "message: {words}");
    assert!(way_out.contains(hint), "hint: {way_out}");
}

/// Each row as `id x … -> y`.
fn shown(table: &Table) -> Vec<String> {
    let row = |k: usize| {
        let x: Vec<String> = table.x.row(k).map(|value| value.to_string()).collect();
        format!("{} {} -> {}", table.ids[k], x.join(" "), table.y[k])
    };
    (0..table.y.len()).map(row).collect()
}

fn found(audit: &Audit, code: Code) -> Vec<(Option<&str>, usize, String)> {
    let end = |first: &str| first.rsplit('/').next().unwrap_or(first).to_string();
    let found = audit.findings.iter().filter(|found| found.code == code);
    found.map(|found| (found.unique_id.as_deref(), found.count, end(&found.first))).collect()
}

fn fixed(read: &ReadTable, code: Code) -> Vec<(&str, usize)> {
    let fixes = read.tidied.fixes.iter().filter(|fix| fix.code == code);
    fixes.map(|fix| (fix.how.as_str(), fix.rows)).collect()
}

const CELLS: &str = "cell,split,rate,heat,life\na,train,3.6,30,1852\nb,test,4.5,31,900\n\
    c,train,5,,1200\n";

/// Numbers without another part are learned from; words that fold rows stand beside them.
#[test]
fn a_table_by_hand() {
    let read = table(CELLS, "id = \"cell\"\ntarget = \"life\"\nlabel = \"split\"");
    assert_eq!(read.table.x.names(), ["rate", "heat"]);
    assert_eq!(shown(&read.table), ["a 3.6 30 -> 1852", "b 4.5 31 -> 900", "c 5 NaN -> 1200"]);
    let splits = ["train", "test", "train"].map(String::from).to_vec();
    assert_eq!(read.table.labels, [("split".to_string(), splits)]);
    assert_eq!((read.table.name.as_str(), read.table.target.as_str()), ("f", "life"));
    assert_eq!(found(&read.audit, Code::Missing), [(Some("heat"), 1, "f.csv, line 4".into())]);
    assert_eq!((read.files.len(), read.files[0].rows), (1, 3));
}

/// Columns come in the order in which they are named, whatever their capitals.
#[test]
fn named_columns_alone_are_read() {
    let settings = "target = \"life\"\ncolumns = [\"Heat\", \"rate\"]";
    let read = table(CELLS, settings);
    assert_eq!(shown(&read.table)[..2], ["1 30 3.6 -> 1852", "2 31 4.5 -> 900"]);
    assert_eq!(found(&read.audit, Code::Undeclared), [(None, 2, "cell, split".into())]);
}

/// Words are classes in the order of their names, numbers that are said to be classes in their own.
#[test]
fn targets_of_words_are_classes() {
    let read = table("x,y\n1,up\n2,down\n3,NA\n4,up\n", "");
    assert_eq!(read.table.classes, ["down", "up"]);
    assert_eq!(read.table.y, [1.0, 0.0, 1.0]);
    assert_eq!(fixed(&read, Code::Missing), [("drop", 1)]);
    assert_eq!(found(&read.audit, Code::Missing), [(Some("y"), 1, "f.csv, line 4".into())]);
    let read = table("x,y\n1,10\n2,9\n3,10\n", "classes = true");
    assert_eq!(
        (read.table.classes, read.table.y),
        (vec!["9".into(), "10".into()], vec![1., 0., 1.])
    );
}

/// A row without a target teaches nothing: it is left out, and counted.
#[test]
fn missing_and_infinite_values_are_counted() {
    let read = table("x,z,y\n1,inf,2\n2,3,\n3,4,-inf\n4,NaN,0\n", "tidy = { zeros = \"keep\" }");
    assert_eq!(shown(&read.table), ["1 1 NaN -> 2", "4 4 NaN -> 0"]);
    let place = |column, line: u8| (Some(column), 1, format!("f.csv, line {line}"));
    assert_eq!(found(&read.audit, Code::Infinite), [place("y", 4), place("z", 2)]);
    assert_eq!(fixed(&read, Code::Infinite), [("missing", 2)]);
    assert_eq!(fixed(&read, Code::Missing), [("drop", 2)]);
    let read = table("x,y\n1,0\n2,5\n3,6\n", "tidy = { zeros = \"missing\" }");
    assert_eq!(shown(&read.table), ["2 2 -> 5", "3 3 -> 6"]);
    assert_eq!(fixed(&read, Code::Zeros), [("missing", 1)]);
}

#[test]
fn constant_columns_and_single_classes_are_found() {
    let read = table("a,b,y\n1,,no\n1,,no\n", "columns = [\"a\", \"b\"]");
    let words = |name, words: &str| (Some(name), 2, words.to_string());
    let all =
        [words("a", "1 throughout"), words("b", "no value at all"), words("y", "no throughout")];
    let mut found = found(&read.audit, Code::Constant);
    found.sort();
    assert_eq!(found, all);
}

/// Rows of one name that agree are one; of rows that differ the settings say which counts.
#[test]
fn rows_of_one_name() {
    let text = "id,x,y\na,1,2\na,1,2\nb,1,3\nb,2,3\n";
    let of = |how: &str| format!("id = \"id\"\ntidy = {{ duplicates = \"{how}\" }}");
    assert_eq!(shown(&table(text, &of("first")).table), ["a 1 -> 2", "b 1 -> 3"]);
    let read = table(text, &of("last"));
    assert_eq!(shown(&read.table), ["a 1 -> 2", "b 2 -> 3"]);
    assert_eq!(fixed(&read, Code::Duplicates), [("joined", 1), ("last", 1)]);
    for how in ["refuse", "mean"] {
        refused(text, &of(how), "row `b` stands at", "duplicates = \"first\"");
    }
}

/// The same rows from every format.
#[test]
fn formats_agree() {
    let settings = "id = \"cell\"\ntarget = \"life\"\nlabel = \"split\"";
    let csv = table(CELLS, settings).table;
    let tsv = CELLS.replace(',', "\t");
    let lines: String = csv
        .ids
        .iter()
        .enumerate()
        .map(|(k, id)| {
            let x: Vec<f64> = csv.x.row(k).collect();
            let heat = if x[1].is_nan() { "null".into() } else { x[1].to_string() };
            let (split, life) = (&csv.labels[0].1[k], csv.y[k]);
            format!(
                "{{\"cell\":\"{id}\",\"split\":\"{split}\",\"rate\":{},\"heat\":{heat},\"life\":{life}}}\n",
                x[0]
            )
        })
        .collect();
    for (name, bytes) in [("f.tsv", tsv), ("f.ndjson", lines)] {
        let other = tables(&[(name, bytes.as_bytes())], settings).unwrap().table;
        assert_eq!((shown(&other), other.labels), (shown(&csv), csv.labels.clone()), "{name}");
    }
    let commas = CELLS.replace(',', ";").replace("3.6", "3,6").replace("4.5", "4,5");
    assert_eq!(shown(&table(&commas, settings).table), shown(&csv));
}

/// Files that lie alike are one table, and where conditions choose rows, these alone.
#[test]
fn several_files_and_conditions() {
    let files: &[(&str, &[u8])] =
        &[("f.csv", b"x,k,y\n1,p,2\n2,q,3\n"), ("g.csv", b"y,x,k\n4,5,p\n")];
    let settings = "path = [\"{dir}/f.csv\", \"{dir}/g.csv\"]\nwhere = { k = \"p\" }";
    let read = tables(files, settings).unwrap();
    assert_eq!(shown(&read.table), ["1 1 -> 2", "2 5 -> 4"]);
    assert_eq!(read.files.iter().map(|file| file.rows).collect::<Vec<_>>(), [1, 1]);
}

const MORE: &str = "name,last,ir\na,100,0.1\na,90,7\nb,100,0.2\nc,100,0.3\nz,100,9\n";
const JOIN: &str = "id = \"cell\"\ntarget = \"life\"\nlabel = \"split\"\n\
    join = [{ path = \"{dir}/m.csv\", id = \"name\", where = { last = \"100\" } }]\n";

/// A joined file gives each row its columns by name; a column of it can be asked for like any other.
#[test]
fn joined_columns_by_hand() {
    let files: &[(&str, &[u8])] = &[("f.csv", CELLS.as_bytes()), ("m.csv", MORE.as_bytes())];
    let read = tables(files, JOIN).unwrap();
    assert_eq!(read.table.x.names(), ["rate", "heat", "ir"]);
    assert_eq!(shown(&read.table)[0], "a 3.6 30 0.1 -> 1852");
    let read = tables(files, &format!("columns = [\"ir\", \"rate\"]\n{JOIN}")).unwrap();
    assert_eq!(shown(&read.table)[2], "c 0.3 5 -> 1200");
    assert_eq!(read.files.len(), 2);
    let named = format!("columns = [\"irr\"]\n{JOIN}");
    refused_files(files, &named, "no column `irr` for `columns`", "did you mean `ir`?");
    let twice: &[(&str, &[u8])] =
        &[files[0], ("m.csv", b"name,last,rate\na,100,1\nb,100,1\nc,100,2\n")];
    refused_files(twice, JOIN, "column `rate` occurs twice", "");
    let short: &[(&str, &[u8])] = &[files[0], ("m.csv", b"name,last,ir\na,100,1\n")];
    refused_files(short, JOIN, "row `b` at", "bad_rows = \"drop\"");
    let read = tables(short, &format!("tidy = {{ bad_rows = \"drop\" }}\n{JOIN}")).unwrap();
    assert_eq!((read.table.ids, read.audit.count(Code::Unmatched)), (vec!["a".to_string()], 2));
}

const CURVES: &str = "id = \"cell\"\ntarget = \"life\"\nlabel = \"split\"\n\
    curves = { path = \"{dir}/q.csv\", cycle = \"n\", values = \"q\" }\n";

/// Points follow their numbers, cycles are in order, and each row has its own.
#[test]
fn curves_by_hand() {
    let q = "cell,n,q10,q8,q9\nb,3,3,1,2\na,10,6,4,5\na,2,3,1,\nc,1,1,1,1\n";
    let files: &[(&str, &[u8])] = &[("f.csv", CELLS.as_bytes()), ("q.csv", q.as_bytes())];
    let curves = tables(files, CURVES).unwrap().table.curves.unwrap();
    assert_eq!(curves.points, 3);
    assert_eq!(curves.rows[1], (vec![3], vec![1.0, 2.0, 3.0]));
    assert_eq!(curves.rows[0].0, [2, 10]);
    assert_eq!(curves.rows[0].1[2..], [3.0, 4.0, 5.0, 6.0]);
    assert!(curves.rows[0].1[1].is_nan());
    let bad = |text: &str, message: &str, hint: &str| {
        refused_files(&[files[0], ("q.csv", text.as_bytes())], CURVES, message, hint);
    };
    bad("cell,n,q0\na,1,1\nc,1,1\n", "row `b` at", "drop");
    bad("cell,n,q0\na,1.5,1\n", "`1.5` in column `n` is no number of a cycle", "");
    bad("cell,n,q0\na,,1\n", "`NaN` in column `n` is no number of a cycle", "");
    bad("cell,n,q0\na,1,1\na,1,2\n", "row `a` stands at", "duplicates");
    bad("cell,n,q0,q2\na,1,1,1\n", "the columns are numbered and 1 is absent", "");
    bad("cell,n,q1,q01\na,1,1,1\n", "columns `q1` and `q01` are both number 1", "");
    bad("cell,n,v1\na,1,1\n", "no column is this and a number", "");
    bad("cell,m,q1\na,1,1\n", "no column `n` for `cycle`", "");
    bad("cell,n,q0\na,1,one\n", "q.csv, line 2: `one` in column `q0` is not a number", "");
    let strange = "cell,n,q0\na,1,1\nb,1,1\nc,1,1\nx,1,1\nx,2,1\n";
    let read = tables(&[files[0], ("q.csv", strange.as_bytes())], CURVES).unwrap();
    assert_eq!(found(&read.audit, Code::Unmatched), [(None, 2, "q.csv, line 5".into())]);
}

/// Bad input: each a clear error with its place and a way out.
#[test]
fn bad_tables() {
    let good = "id,x,k,y\na,1,u,2\nb,2,v,3\n";
    refused("", "", "f.csv: no rows", "");
    refused("x,y\n", "", "f.csv: no rows", "");
    refused(good, "target = \"z\"", "no column `z` for `target`", "the columns are");
    refused(good, "columns = [\"xx\"]", "no column `xx` for `columns`", "did you mean `x`?");
    refused(good, "label = \"kk\"", "no column `kk` for `label`", "did you mean `k`?");
    refused(good, "id = \"name\"", "no column `name` for `id`", "");
    refused("a,b\n1,2\n", "", "cannot tell which column is the target: `a`, `b`", "--target");
    refused("k,y\nu,1\nv,2\n", "", "which column is the columns", "in `columns`");
    refused(
        good,
        "columns = [\"k\"]",
        "f.csv, line 2: `u` in column `k` is not a number",
        "`columns`",
    );
    refused(good, "columns = [\"x\", \"y\"]", "`columns` = `y`: it is the target", "");
    refused(good, "columns = [\"x\", \"x\"]", "it is named twice", "");
    refused("x,y\n1,2\n2,3 kg\n", "", "f.csv, line 3: `3 kg` in column `y` is not a number", "");
    refused("x,y\n1,2\n2\n", "", "f.csv, line 3: 1 fields where the heading has 2", "");
    refused("x,x,y\n1,2,3\n", "", "column `x` occurs twice", "");
    refused("x,y\n1,\n2,\n", "", "none of its 2 rows can be used", "");
    refused(
        "x,y\n1,\n2,3\n",
        "tidy = { missing = \"refuse\" }",
        "line 2: no value in column `y`",
        "keep",
    );
    refused(
        "id,x,y\na,1,2\n,1,3\n",
        "id = \"id\"",
        "line 3: column `id` does not name a row",
        "drop",
    );
    refused("k,x,y\n,1,2\n", "label = \"k\"", "line 2: column `k` does not name a group", "drop");
    refused(good, "where = { k = \"w\" }", "no row has k = `w`", "it has `u`, `v`");
    refused(good, "time = \"x\"", "`time`", "");
    refused(good, "freq = \"D\"", "only a panel has this", "");
    refused(good, "tidy = { missing = \"zero\" }", "`tidy.missing`", "");
    refused(good, "join = [{ path = \"m.csv\" }]", "state `id`", "");
    refused(good, "id = \"id\"\njoin = [{ path = \"{dir}/m.csv\" }]", "no file matches", "");
    refused(
        good,
        "id = \"id\"\njoin = [{ path = \"{dir}/*\" }, { path = \"{dir}/f.csv\" }]",
        "occurs twice",
        "",
    );
    let files: &[(&str, &[u8])] = &[("f.csv", good.as_bytes()), ("g.csv", b"id,k,y\na,u,1\n")];
    refused_files(files, "path = \"{dir}/*\"", "no column `x` for `columns`", "");
    let panel =
        super::csv("unique_id,ds,y\na,2020-01-01,1\n", "label = \"unique_id\"").unwrap_err();
    assert!(panel.to_string().contains("`label`"), "{panel}");
    let slip: Result<Source, _> = toml::from_str("curves = { paht = \"q.csv\" }");
    assert!(slip.unwrap_err().to_string().contains("unknown field `paht`"));
}

/// 124 cells with 99 curves of 100 points each, as their description counts.
#[test]
fn battery_cells() {
    let Some(root) = data_root() else { return };
    let source = Source { set: Some("matr".into()), ..Default::default() };
    let read = almanac_ingest::read_table(&source, Some(&root)).unwrap();
    let curves = read.table.curves.clone().unwrap();
    assert_eq!((read.table.ids.len(), curves.points), (124, 100));
    assert!(curves.rows.iter().all(|(cycles, values)| cycles.len() == 99 && values.len() == 9_900));
    assert_eq!((curves.rows[0].0[0], curves.rows[0].0[98]), (2, 100));
    let (name, splits) = &read.table.labels[0];
    let count = |word: &str| splits.iter().filter(|split| *split == word).count();
    assert_eq!((name.as_str(), ["train", "test1", "test2"].map(count)), ("split", [41, 43, 40]));
    assert_eq!((read.table.ids[0].as_str(), read.table.y[0]), ("b1c0", 1852.0));
    assert!(!read.audit.reading.iter().any(|said| said.contains("not the file")));
    let source = Source { columns: vec!["DeltaQ_var".into()], ..source };
    let read = almanac_ingest::read_table(&source, Some(&root)).unwrap();
    assert_eq!(read.table.x.names(), ["DeltaQ_var"]);
    // By its definition: the variance of Q(100) − Q(10), here over every tenth of the voltages.
    for ((cycles, values), variance) in curves.rows.iter().zip(read.table.x.column(0)) {
        let at = |cycle: u32| cycles.iter().position(|&have| have == cycle).unwrap() * 100;
        let (last, tenth) = (&values[at(100)..][..100], &values[at(10)..][..100]);
        let delta: Vec<f64> = last.iter().zip(tenth).map(|(a, b)| f64::from(a - b)).collect();
        let mean = delta.iter().sum::<f64>() / 100.0;
        let own = delta.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 100.0;
        assert!((own / variance - 1.0).abs() < 0.05, "{own} where {variance}");
    }
}

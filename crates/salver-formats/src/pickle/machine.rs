//! The stack machine: what each opcode does.

use std::collections::HashMap;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};
use salver_tree::Source;

use super::globals::{call, find, refused, set_state};
use super::opcodes as op;
use super::stream::Stream;
use super::value::{Id, Node, Values};

/// Runs a pickle to its end; gives all values and which of them is the result.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for bytes that are no pickle, [`ErrorKind::Unsupported`] for a pickle that
/// would call what is not known here; as the source's.
pub(super) fn run(source: &Arc<dyn Source>) -> Result<(Values, Id)> {
    let mut machine = Machine {
        stream: Stream::new(source),
        values: Values::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        let code = machine.stream.byte()?;
        if code == op::STOP {
            let root = machine.pop()?;
            return Ok((machine.values, root));
        }
        machine.step(code)?;
    }
}

struct Machine<'a> {
    stream: Stream<'a>,
    values: Values,
    stack: Vec<Id>,
    /// Heights of the stack where `MARK` was.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

impl Machine<'_> {
    fn corrupt(&self, message: &str) -> Error {
        self.stream.corrupt(message)
    }

    fn push(&mut self, node: Node) -> Result<()> {
        let id = self.values.add(node)?;
        self.stack.push(id);
        Ok(())
    }

    /// The lowest place that may be taken: nothing below the last mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Id> {
        if self.stack.len() <= self.floor() {
            return Err(self.corrupt("the stack is empty"));
        }
        self.stack.pop().ok_or_else(|| self.corrupt("the stack is empty"))
    }

    fn top(&self) -> Result<Id> {
        let top = self.stack.last().filter(|_| self.stack.len() > self.floor());
        top.copied().ok_or_else(|| self.corrupt("the stack is empty"))
    }

    /// Takes everything above the last mark, and the mark.
    fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let mark =
            self.marks.pop().ok_or_else(|| self.corrupt("no mark on the stack"))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn step(&mut self, code: u8) -> Result<()> {
        match code {
            op::PROTO => self.protocol(),
            op::FRAME => self.stream.u64().map(|_| ()),
            op::MARK => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            op::POP if self.stack.len() == self.floor() && !self.marks.is_empty() => {
                self.marks.pop();
                Ok(())
            }
            op::POP => self.pop().map(|_| ()),
            op::POP_MARK => self.pop_mark().map(|_| ()),
            op::DUP => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            op::NONE | op::NEWTRUE | op::NEWFALSE => {
                self.stack.push(match code {
                    op::NEWTRUE => Values::TRUE,
                    op::NEWFALSE => Values::FALSE,
                    _ => Values::NONE,
                });
                Ok(())
            }
            op::PUT
            | op::BINPUT
            | op::LONG_BINPUT
            | op::MEMOIZE
            | op::GET
            | op::BINGET
            | op::LONG_BINGET => self.memo(code),
            op::GLOBAL | op::STACK_GLOBAL | op::REDUCE | op::BUILD => self.function(code),
            op::READONLY_BUFFER => Ok(()),
            _ => self.refuse(code).and_then(|()| self.value(code)),
        }
    }

    /// Opcodes that make objects of classes, or take what is outside of the pickle.
    fn refuse(&self, code: u8) -> Result<()> {
        let name = match code {
            op::PERSID | op::BINPERSID => "a persistent identifier",
            op::INST => "the opcode INST",
            op::OBJ => "the opcode OBJ",
            op::NEWOBJ => "the opcode NEWOBJ",
            op::NEWOBJ_EX => "the opcode NEWOBJ_EX",
            op::EXT1 | op::EXT2 | op::EXT4 => "a copyreg extension",
            op::NEXT_BUFFER => "a buffer outside of the pickle",
            _ => return Ok(()),
        };
        Err(refused(name).with("byte", self.stream.position()))
    }

    fn value(&mut self, code: u8) -> Result<()> {
        if let Some(node) = op::literal(code, &mut self.stream)? {
            return self.push(node);
        }
        self.container(code)
    }

    fn protocol(&mut self) -> Result<()> {
        let version = self.stream.byte()?;
        if version > 5 {
            let message = "a pickle protocol that is not known";
            return Err(Error::new(ErrorKind::Unsupported, Op("pickle.decode"), message)
                .with("protocol", version)
                .hint("protocols 0 to 5 are read"));
        }
        Ok(())
    }

    fn memo(&mut self, code: u8) -> Result<()> {
        let key = match code {
            op::PUT | op::GET => self.stream.number()?,
            op::BINPUT | op::BINGET => self.stream.byte()?.into(),
            op::MEMOIZE => self.memo.len() as u64,
            _ => self.stream.u32()?.into(),
        };
        if matches!(code, op::GET | op::BINGET | op::LONG_BINGET) {
            let id = self.memo.get(&key).copied();
            let id = id.ok_or_else(|| self.corrupt("no such memo").with("memo", key))?;
            self.stack.push(id);
        } else {
            let top = self.top()?;
            self.memo.insert(key, top);
        }
        Ok(())
    }

    fn function(&mut self, code: u8) -> Result<()> {
        match code {
            op::GLOBAL => {
                let (module, name) =
                    (self.stream.ascii_line()?, self.stream.ascii_line()?);
                let global = find(&module, &name)?;
                self.push(Node::Global(global))
            }
            op::STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                let pair = self.values.text(module).zip(self.values.text(name));
                let (module, name) =
                    pair.ok_or_else(|| self.corrupt("a global without a name"))?;
                let global = find(module, name)?;
                self.push(Node::Global(global))
            }
            op::REDUCE => {
                let (args, function) = (self.pop()?, self.pop()?);
                let Node::Global(global) = *self.values.get(function) else {
                    return Err(self.corrupt("a call of what is no function"));
                };
                let args = self.values.tuple(args);
                let args =
                    args.ok_or_else(|| self.corrupt("a call without arguments"))?;
                let node = call(&self.values, global, args)?;
                self.push(node)
            }
            _ => {
                let state = self.pop()?;
                let target = self.top()?;
                set_state(&mut self.values, target, state)
            }
        }
    }

    fn container(&mut self, code: u8) -> Result<()> {
        match code {
            op::EMPTY_TUPLE => self.push(Node::Tuple(Vec::new())),
            op::EMPTY_LIST => self.push(Node::List(Vec::new())),
            op::EMPTY_DICT => self.push(Node::Dict(Vec::new())),
            op::EMPTY_SET => self.push(Node::Set(Vec::new())),
            op::TUPLE1 | op::TUPLE2 | op::TUPLE3 => {
                let count = usize::from(code - op::TUPLE1) + 1;
                let at =
                    self.stack.len().checked_sub(count).filter(|at| *at >= self.floor());
                let at = at.ok_or_else(|| self.corrupt("the stack is empty"))?;
                let items = self.stack.split_off(at);
                self.push(Node::Tuple(items))
            }
            op::TUPLE => self.marked(Node::Tuple),
            op::LIST => self.marked(Node::List),
            op::FROZENSET => self.marked(Node::Set),
            op::DICT => {
                let pairs = self.pop_mark().and_then(|items| self.pairs(&items))?;
                self.push(Node::Dict(pairs))
            }
            op::APPEND => {
                let item = self.pop()?;
                self.extend(&[item])
            }
            op::APPENDS | op::ADDITEMS => {
                let items = self.pop_mark()?;
                self.extend(&items)
            }
            op::SETITEM => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set_items(&[key, value])
            }
            op::SETITEMS => {
                let items = self.pop_mark()?;
                self.set_items(&items)
            }
            other => Err(self.corrupt("no such opcode").with("opcode", other)),
        }
    }

    fn marked(&mut self, make: fn(Vec<Id>) -> Node) -> Result<()> {
        let items = self.pop_mark()?;
        self.push(make(items))
    }

    fn pairs(&self, items: &[Id]) -> Result<Vec<(Id, Id)>> {
        let pairs = items.chunks(2).map(|pair| match *pair {
            [key, value] => Ok((key, value)),
            _ => Err(self.corrupt("a key without a value")),
        });
        pairs.collect()
    }

    fn extend(&mut self, items: &[Id]) -> Result<()> {
        let top = self.top()?;
        match self.values.get_mut(top) {
            Some(Node::List(list) | Node::Set(list)) => {
                list.extend_from_slice(items);
                Ok(())
            }
            _ => Err(self.corrupt("items added to what is no list")),
        }
    }

    fn set_items(&mut self, items: &[Id]) -> Result<()> {
        let pairs = self.pairs(items)?;
        let top = self.top()?;
        match self.values.get_mut(top) {
            Some(Node::Dict(dict)) => {
                dict.extend(pairs);
                Ok(())
            }
            _ => Err(self.corrupt("items set in what is no dict")),
        }
    }
}

// The grammar of .nn (docs/language.md). Rules stand in the order of that document; there are no actions.
//
// Free form: line ends mean nothing and `;` is optional. That works because of one invariant: a statement, setting,
// clause or declaration starts with a keyword or with `name :`, and none of these tokens can continue an expression.
// Keep it: no expression statements, no prefix attributes, no juxtaposition. tests/unit/syntax/ambiguity_test.cpp
// fails when a sample becomes ambiguous.
//
// Expressions are flat on purpose: operands with the operators between them. syntax/build_expr.cpp applies the
// precedences (operators.def), so a chain of 10,000 operators costs no stack, here or there.
//
// Tokens named BAD_* and the FOREIGN ones are slips that the compiler explains (syntax/lex.cpp); no rule uses them.
grammar NN;

// ------------------------------------------------------------ files and modules

file            : (importDecl | declaration)* EOF ;

importDecl      : 'import' (STRING | path) ('as' ident)? nameList? ';'? ;
path            : ident ('.' ident)* ;
nameList        : '(' ident (',' ident)* ','? ')' ;

// ------------------------------------------------------------ declarations

declaration     : 'export'? callable
                | 'export'? constant
                | exportEntry
                | blockDecl
                | probeDecl
                | experiment
                ;

// `export mlp(30) as mnist_mlp(B: [1, 32])`: one entry of the C interface.
exportEntry     : 'export' expr 'as' ident attributes? ';'? ;

constant        : 'let' ident (':' type)? '=' expr ';'? ;

// The first list holds what experiments vary, the second the data.
callable        : ('fn' | 'layer' | 'network' | 'optimizer') ident
                  parameters parameters? ('->' type)? (block vjpClause? | '=' expr) ';'? ;
vjpClause       : 'vjp' nameList block ;
parameters      : '(' (parameter (',' parameter)* ','?)? ')' ;
parameter       : ident ':' type ('=' expr)? ;

blockDecl       : ('data' | 'train') ident parameters? '{' item* '}' ';'? ;
item            : setting | statement ;
setting         : ident ':' expr ';'? ;

// A probe under a name, for the experiments of this file.
probeDecl       : 'probe' ident '=' expr ('for' ident 'in' expr)? ';'? ;

// ------------------------------------------------------------ experiments

experiment      : 'experiment' ident parameters? '{' clause* '}' ';'? ;
clause          : setting
                | constant
                | varyClause
                | bindClause
                | excludeClause
                | probeClause
                | measureClause
                | expectClause
                | reportClause
                ;
// The old level and the new one, where they are not the first and the last.
varyClause      : 'vary' targets 'in' expr ('from' expr)? ('to' expr)? ('when' expr)? ';'? ;
bindClause      : 'bind' targets '=' expr ';'? ;
excludeClause   : 'exclude' 'when' expr ';'? ;
// Without a value: a probe that is declared under this name, in the file or in the stdlib.
probeClause     : 'probe' ident ('=' expr)? ('for' ident 'in' expr)? ('every' expr)? ';'? ;
measureClause   : 'measure' ident '=' expr ';'? ;
expectClause    : 'expect' expr (',' STRING)? ';'? ;
reportClause    : 'report' STRING? '{' (setting | show)* '}' ';'? ;
show            : 'show' expr ';'? ;
targets         : path | '(' path (',' path)+ ','? ')' ;

// ------------------------------------------------------------ types

// The heads `fn(A) ->` stand in a loop and not in a recursion: `fn() -> fn() -> ...` costs no stack.
type            : functionHead* typeAtom ;
functionHead    : 'fn' '(' (type (',' type)* ','?)? ')' '->' ;
typeAtom        : ident shape?
                | 'fn'
                | 'layer'
                | 'enum' nameList
                | '(' parameter (',' parameter)* ','? ')'
                ;
shape           : '[' (dim (',' dim)* ','?)? ']' ;
dim             : '..' ident? | expr ;

// ------------------------------------------------------------ statements

block           : '{' statement* '}' ;
statement       : letStatement
                | paramStatement
                | stateStatement
                | subStatement
                | updateStatement
                | nextStatement
                | yieldStatement
                | returnStatement
                | requireStatement
                | ifStatement
                ;
letStatement    : 'let' pattern (':' type)? '=' expr ';'? ;
paramStatement  : 'param' attributes? ident ':' type ('=' expr)? ';'? ;
stateStatement  : 'state' attributes? ident ':' type ('=' expr)? ';'? ;
subStatement    : 'sub' ident '=' expr ';'? ;
updateStatement : 'update' ident '=' expr ';'? ;
nextStatement   : 'next' bindings ';'? ;
yieldStatement  : 'yield' expr ';'? ;
returnStatement : 'return' expr ';'? ;
requireStatement: 'require' expr (',' STRING)? ';'? ;
ifStatement     : 'if' expr block ('else' 'if' expr block)* ('else' block)? ';'? ;

attributes      : '(' (argument (',' argument)* ','?)? ')' ;
pattern         : ident binders? | '(' ident (',' ident)* ','? ')' ;
binders         : '[' (binder (',' binder)* ','?)? ']' ;
binder          : '..' ident | ident (':' expr)? ;
bindings        : binding (',' binding)* ','? ;
binding         : ident '=' expr ;

// ------------------------------------------------------------ expressions

// `if c then a else` and `fn (x) =>` are prefix operators: what follows them reaches as far as it can.
expr            : prefix* operand (infix prefix* operand)* ;
prefix          : '-' | 'not' | conditionHead | lambdaHead ;
conditionHead   : 'if' expr 'then' expr 'else' ;
lambdaHead      : 'fn' nameList '=>' ;
infix           : '**' | '*' | '/' | '%' | '@' | '+' | '-' | '..'
                | '==' | '!=' | '<' | '<=' | '>' | '>='
                | 'and' | 'or' | '|>'
                ;

operand         : atom suffix* ;
suffix          : '.' ident
                | '(' (argument (',' argument)* ','?)? ')'
                | '[' (subscript (',' subscript)* ','?)? ']'
                ;
atom            : ident
                | INT | FLOAT | STRING | 'true' | 'false'
                | '.' ident
                | '(' (argument (',' argument)* ','?)? ')'
                | list
                | repeat
                | scan
                ;
list            : '[' (listEntry (',' listEntry)* ','?)? ']' ;
listEntry       : (STRING ':')? expr ;
repeat          : 'repeat' (ident 'in')? expr '{' expr '}' ;
scan            : 'scan' ident 'in' expr 'carry' bindings block ;

argument        : (ident ':')? expr ;
subscript       : '..' ident? | (ident ':')? expr ;

// Soft keywords are names wherever no clause needs them.
ident           : ID
                | 'as' | 'bind' | 'carry' | 'data' | 'enum' | 'every' | 'exclude' | 'expect' | 'experiment' | 'for'
                | 'from' | 'in' | 'measure' | 'network' | 'optimizer' | 'probe' | 'report' | 'show' | 'to' | 'train'
                | 'vary' | 'vjp' | 'when'
                ;

// ------------------------------------------------------------ keywords

AND : 'and' ;         ELSE : 'else' ;       EXPORT : 'export' ;   FALSE : 'false' ;       FN : 'fn' ;
IF : 'if' ;           IMPORT : 'import' ;   LAYER : 'layer' ;     LET : 'let' ;           NEXT : 'next' ;
NOT : 'not' ;         OR : 'or' ;           PARAM : 'param' ;     REPEAT : 'repeat' ;     REQUIRE : 'require' ;
RETURN : 'return' ;   SCAN : 'scan' ;       STATE : 'state' ;     SUB : 'sub' ;           THEN : 'then' ;
TRUE : 'true' ;       UPDATE : 'update' ;   YIELD : 'yield' ;

AS : 'as' ;           BIND : 'bind' ;       CARRY : 'carry' ;     DATA : 'data' ;         ENUM : 'enum' ;
EVERY : 'every' ;     EXCLUDE : 'exclude' ; EXPECT : 'expect' ;   EXPERIMENT : 'experiment' ;
FOR : 'for' ;         FROM : 'from' ;       IN : 'in' ;           MEASURE : 'measure' ; NETWORK : 'network' ;
OPTIMIZER : 'optimizer' ;                   PROBE : 'probe' ;     REPORT : 'report' ;   SHOW : 'show' ;
TO : 'to' ;           TRAIN : 'train' ;     VARY : 'vary' ;       VJP : 'vjp' ;         WHEN : 'when' ;

// ------------------------------------------------------------ operators and brackets

LPAREN : '(' ;    RPAREN : ')' ;    LBRACKET : '[' ;  RBRACKET : ']' ;  LBRACE : '{' ;   RBRACE : '}' ;
COMMA : ',' ;     COLON : ':' ;     SEMICOLON : ';' ; ASSIGN : '=' ;    ARROW : '->' ;   FATARROW : '=>' ;
DOT : '.' ;       DOTS : '..' ;     POW : '**' ;      STAR : '*' ;      SLASH : '/' ;    PERCENT : '%' ;
AT : '@' ;        PLUS : '+' ;      MINUS : '-' ;     EQ : '==' ;       NE : '!=' ;      LT : '<' ;
LE : '<=' ;       GT : '>' ;        GE : '>=' ;       PIPE : '|>' ;

// Operators of other languages.
FOREIGN_AND : '&&' | '&' ;            FOREIGN_OR : '||' | '|' ;          FOREIGN_NOT : '!' | '~' ;
FOREIGN_POWER : '^' ;                 FOREIGN_QUESTION : '?' ;           FOREIGN_DEFINE : ':=' ;
FOREIGN_ASSIGN : '+=' | '-=' | '*=' | '/=' | '%=' | '@=' | '**=' | '|=' | '&=' | '^=' ;
FOREIGN_COMMENT : '#' ~[\r\n]* ;
FOREIGN_STRING : '\'' ~['\r\n]* '\'' ;

// ------------------------------------------------------------ literals and names

INT             : DIGITS | '0' [xX] HEX+ ('_' HEX+)* ;
// A digit after the point is needed, so that `0..9` is a range.
FLOAT           : DIGITS '.' DIGITS EXPONENT? | DIGITS EXPONENT ;
BAD_NUMBER      : (DIGIT | DIGITS '.' DIGIT) WORD* ;
STRING          : '"' (~["\\\r\n] | '\\' ~[\r\n])* '"' ;
BAD_STRING      : '"' (~["\\\r\n] | '\\' ~[\r\n])* '\\'? ;
ID              : [A-Za-z_] WORD* ;
// A word with a letter beyond ASCII in it; punctuation and spaces beyond ASCII are single BAD_CHARACTERs.
BAD_NAME        : WORD* LETTER (WORD | LETTER)* ;

fragment DIGIT    : [0-9] ;
fragment DIGITS   : DIGIT+ ('_' DIGIT+)* ;
fragment HEX      : [0-9A-Fa-f] ;
fragment EXPONENT : [eE] [+-]? DIGITS ;
fragment WORD     : [A-Za-z0-9_] ;
fragment LETTER   : [\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u1FFF\u2C00-\u2FFF\u3001-\uD7FF\uF900-\uFDFF\uFE70-\uFEFE\uFF00-\uFFEF\u{10000}-\u{10FFFF}] ;

// ------------------------------------------------------------ comments and space

// `///` documents the declaration that follows on the next line.
DOC             : '///' (~[/\r\n] ~[\r\n]*)? -> channel(HIDDEN) ;
LINE_COMMENT    : '//' ~[\r\n]* -> channel(HIDDEN) ;
BLOCK_COMMENT   : '/*' (~'*' | '*'+ ~[*/])* '*'+ '/' -> channel(HIDDEN) ;
BAD_COMMENT     : '/*' (~'*' | '*'+ ~[*/])* '*'* ;
SPACE           : [ \t\r\n]+ -> skip ;

BAD_CHARACTER   : . ;

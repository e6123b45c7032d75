// The lexer and parser that antlr4 makes of grammar/NN.g4. Included by .cpp files of this folder only.
#pragma once
#include <antlr4-runtime.h>

#include "NNLexer.h"
#include "NNParser.h"

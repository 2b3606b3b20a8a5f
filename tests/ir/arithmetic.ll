; A result is checked for being finite, a negation is not; a number read twice is loaded once; no
; operation may be contracted or reassociated.
; CHECK-LABEL: define {{.*}}i8 @rel_predicate_0(
; CHECK:       %[[LEFT:.*]] = load double
; CHECK:       %[[RIGHT:.*]] = load double
; CHECK-NOT:   load double
; CHECK:       %[[RATIO:[0-9a-z_]+]] = fdiv double %[[LEFT]], %[[RIGHT]]
; CHECK:       %[[ZERO:[0-9a-z_]+]] = fsub double %[[RATIO]], %[[RATIO]]
; CHECK:       %[[BAD:[0-9a-z_]+]] = fcmp uno double %[[ZERO]], %[[ZERO]]
; CHECK:       zext i1 %[[BAD]] to i32
; CHECK:       %[[NEGATED:[0-9a-z_]+]] = fneg double %[[LEFT]]
; CHECK-NOT:   fsub
; CHECK:       fcmp ole double %[[RATIO]], %[[NEGATED]]
; CHECK-NOT:   {{fast|contract|reassoc|nnan|ninf}}
; CHECK:       ret i8
